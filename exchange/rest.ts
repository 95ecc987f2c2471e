/** The answers of REST. https://docs.cdp.coinbase.com/exchange/rest-api */
import type { Floor } from "./floor.ts";
import type { Listing } from "./listing.ts";
import { describeProduct } from "./products.ts";

export interface Answer {
  readonly status: number;
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

const granularities = [60, 300, 900, 3600, 21_600, 86_400];
const mostCandles = 300;
const mostTrades = 1000;

export function refuse(status: number, message: string): Answer {
  return { status, body: { message } };
}

/** Answers a GET. `now` is the exchange's time as text. */
export function answer(path: string, query: URLSearchParams, floor: Floor, now: string): Answer {
  if (path === "/time") {
    const iso = `${now.slice(0, 23)}Z`;
    return ok({ iso, epoch: Date.parse(iso) / 1000 });
  }
  if (path === "/products") return ok([...floor.listings.values()].map(({ product }) => describeProduct(product)));
  const [, products, id = "", what, more] = path.split("/");
  if (products !== "products" || more !== undefined) return refuse(404, "Route not found");
  const listing = floor.listings.get(id);
  if (listing === undefined) return refuse(404, "NotFound");
  switch (what) {
    case undefined:
      return ok(describeProduct(listing.product));
    case "book":
      return book(listing, query);
    case "trades":
      return trades(listing, query);
    case "candles":
      return candles(listing, query, now);
    case "ticker":
      return ticker(listing);
    case "stats":
      return stats(listing);
    default:
      return refuse(404, "Route not found");
  }
}

function ok(body: unknown, headers: Record<string, string> = {}): Answer {
  return { status: 200, body, headers };
}

function book(listing: Listing, query: URLSearchParams): Answer {
  const level = Number(query.get("level") ?? 1);
  return level === 1 || level === 2 || level === 3 ? ok(listing.book(level)) : refuse(400, "Invalid level");
}

/** Newest first. Both bounds are exclusive: `before` is followed by newer trades, `after` by older ones. */
function trades({ trades: all }: Listing, query: URLSearchParams): Answer {
  const [limit = mostTrades, before, after] = ["limit", "before", "after"].map((name) =>
    query.has(name) ? Number(query.get(name)) : undefined,
  );
  if ([limit, before, after].some((value) => value !== undefined && !(Number.isSafeInteger(value) && value >= 0))) {
    return refuse(400, "Invalid limit or cursor");
  }
  const page = all.page(Math.min(limit, mostTrades), before, after);
  const headers: Record<string, string> = {};
  const oldest = page.at(-1)?.trade_id;
  if (oldest !== undefined) headers["cb-before"] = String(page[0]!.trade_id);
  // Its absence means that there are no older trades.
  if (oldest !== undefined && oldest !== all.oldestId) headers["cb-after"] = String(oldest);
  return ok(page, headers);
}

function candles(listing: Listing, query: URLSearchParams, now: string): Answer {
  const width = Number(query.get("granularity") ?? 60);
  if (!granularities.includes(width)) return refuse(400, "Unsupported granularity");
  let start = seconds(query.get("start"));
  let end = seconds(query.get("end"));
  if (Number.isNaN(start) || Number.isNaN(end)) return refuse(400, "Invalid start or end");
  // One bound without the other is ignored.
  if (start === undefined || end === undefined) {
    end = Date.parse(now) / 1000;
    start = end - (mostCandles - 1) * width;
  }
  if ((end - start) / width > mostCandles) {
    const cause = "granularity too small for the requested time range. Count of aggregations requested exceeds 300";
    return refuse(400, cause);
  }
  return ok(listing.trades.candles(width, start, end));
}

/** Reads an ISO time, or seconds since 1970, as seconds; NaN if it is neither. */
function seconds(text: string | null): number | undefined {
  if (text === null || text === "") return undefined;
  return /^\d+(\.\d+)?$/.test(text) ? Number(text) : Date.parse(text) / 1000;
}

function ticker({ ticker: last }: Listing): Answer {
  if (last === undefined) return refuse(404, "NotFound");
  const { trade_id, price, last_size: size, time, best_bid: bid, best_ask: ask, volume_24h: volume } = last;
  return ok({ trade_id, price, size, time, bid, ask, volume });
}

function stats({ ticker: last }: Listing): Answer {
  if (last === undefined) return refuse(404, "NotFound");
  const { open_24h: open, high_24h: high, low_24h: low, price, volume_24h: volume, volume_30d: volume_30day } = last;
  return ok({ open, high, low, last: price, volume, volume_30day });
}
