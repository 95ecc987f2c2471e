/**
 * Which products a run streams: what the exchange offers, chosen by list, pattern or all, and split over processes.
 * https://docs.cdp.coinbase.com/api-reference/exchange-api/rest-api/products/get-all-known-trading-pairs
 */
import { UserError, nearest, shown } from "../../program/command.ts";
import { request, Unreachable } from "../../program/http.ts";
import { parseJson } from "../../program/json.ts";
import { partitionOf } from "../../topics/partitioner.ts";

export interface Product {
  readonly id: string;
  readonly status: string;
  readonly base_increment: string;
  readonly quote_increment: string;
}

export interface Shard {
  /** From 1. */
  readonly index: number;
  readonly count: number;
}

/** NUMERIC has nine decimals: what trades in finer steps would be rounded. */
const finest = 9;

/** What the exchange offers, sorted by id. Throws UserError when it cannot be asked. */
export async function fetchProducts(rest: string): Promise<Product[]> {
  const { status, text } = await request(`${rest}/products`, { headers: { "user-agent": "tapeline" } }).catch(
    (error: unknown) => {
      if (!(error instanceof Unreachable)) throw error;
      throw new UserError(`${rest} cannot be reached ${error.message}`, { cause: error });
    },
  );
  const products = status === 200 ? parseList(text) : undefined;
  if (products === undefined)
    throw new UserError(`${rest}/products answered ${status}, and not with a list of products: is it an exchange?`);
  return products.toSorted((a, b) => (a.id < b.id ? -1 : 1));
}

/**
 * The ids that a choice names: `all`, ids, or patterns with `*`, separated by commas; of patterns and `all` those that
 * trade and whose steps the tables can hold. `talk` receives which of those were left out.
 * Throws UserError for an id that the exchange does not offer, and a pattern that matches none.
 */
export function chooseProducts(offered: readonly Product[], choice: string, talk: (line: string) => void): string[] {
  const words = choice.split(",").map((word) => word.trim().toUpperCase());
  const chosen = new Map<string, Product>();
  const faults: string[] = [];
  for (const word of words.filter((text) => text !== "")) {
    const pattern = word === "ALL" ? "*" : word;
    const named = offered.find((product) => product.id === word);
    const matching = pattern.includes("*")
      ? offered.filter(({ id, status }) => status === "online" && matches(id, pattern))
      : [];
    if (named !== undefined) {
      if (named.status !== "online") faults.push(`${word} does not trade: its status is ${named.status}`);
      else if (tooFine(named)) faults.push(`${word} trades in steps finer than 1e-9, more than the tables can hold`);
      else chosen.set(named.id, named);
    } else if (!pattern.includes("*")) faults.push(noSuchProduct(word, offered));
    else if (matching.length === 0) faults.push(`${shown(word)} matches no product that trades`);
    for (const product of matching) {
      if (tooFine(product))
        talk(`${product.id} is left out: it trades in steps finer than 1e-9, more than the tables can hold`);
      else chosen.set(product.id, product);
    }
  }
  if (faults.length > 0)
    throw new UserError(`${faults.join("; ")}. npm run producer -- --list-products shows what there is.`);
  if (chosen.size === 0) throw new UserError(`COINBASE_PRODUCTS names no product. Set it, as BTC-USD,ETH-* or all.`);
  return [...chosen.keys()];
}

function noSuchProduct(word: string, offered: readonly Product[]): string {
  const near = nearest(
    word,
    offered.flatMap(({ id, status }) => (status === "online" ? id : [])),
  );
  const told = near === undefined ? shown(word) : word;
  return `${told} is not a product of the exchange${near === undefined ? "" : `: did you mean ${near}?`}`;
}

/** The products of one shard: each product is in one, wherever and in whatever order it is computed. */
export function ofShard(products: readonly string[], { index, count }: Shard): string[] {
  return products.filter((id) => partitionOf(Buffer.from(id), count) === index - 1);
}

function parseList(text: string): Product[] | undefined {
  const list = parseJson(text);
  const isList = Array.isArray(list) && list.every((product: Product | null) => typeof product?.id === "string");
  return isList ? (list as Product[]) : undefined;
}

function matches(id: string, pattern: string): boolean {
  const parts = pattern.split("*").map((part) => part.replace(/[^\w-]/g, "\\$&"));
  return new RegExp(`^${parts.join(".*")}$`).test(id);
}

function tooFine({ base_increment, quote_increment }: Product): boolean {
  return [base_increment, quote_increment].some((step) => {
    const [, decimals = "", exponent = "0"] = /^\d*(?:\.(\d*?)0*)?(?:[eE]([+-]?\d+))?$/.exec(step) ?? [];
    return decimals.length - Number(exponent) > finest;
  });
}
