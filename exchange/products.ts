/** The products, and how the exchange describes them. */
import { Random } from "./random.ts";
import type { Message, Product } from "./tape.ts";

const named: readonly Product[] = [
  { id: "BTC-USD", priceDecimals: 2, sizeDecimals: 8, price: 64_000, size: 0.05 },
  { id: "ETH-USD", priceDecimals: 2, sizeDecimals: 8, price: 3_100, size: 0.8 },
  { id: "SOL-USD", priceDecimals: 2, sizeDecimals: 6, price: 145, size: 12 },
  { id: "XRP-USD", priceDecimals: 4, sizeDecimals: 6, price: 0.54, size: 900 },
  { id: "DOGE-USD", priceDecimals: 5, sizeDecimals: 1, price: 0.15, size: 3_000 },
];

/** The first `count` products, the busiest first: five real ones, then generated ones, `SIM006-USD` and so on. */
export function listProducts(count = named.length, seed = 1): readonly Product[] {
  const random = new Random(seed, 1, 0);
  const madeUp = Array.from({ length: Math.max(0, count - named.length) }, (_, i): Product => {
    const price = Number((10 ** (random.fraction() * 4 - 1)).toPrecision(3));
    const id = `SIM${String(named.length + i + 1).padStart(3, "0")}-USD`;
    return { id, priceDecimals: price < 10 ? 4 : 2, sizeDecimals: 2 + random.below(7), price, size: 1_000 / price };
  });
  return [...named.slice(0, count), ...madeUp];
}

/** A product as `/products` and the status channel describe it. */
export function describeProduct({ id, priceDecimals, sizeDecimals }: Product): object {
  const [base = "", quote] = id.split("-");
  return {
    id,
    base_currency: base,
    quote_currency: quote,
    quote_increment: (10 ** -priceDecimals).toFixed(priceDecimals),
    base_increment: (10 ** -sizeDecimals).toFixed(sizeDecimals),
    display_name: `${base}/${quote}`,
    min_market_funds: "1",
    margin_enabled: false,
    post_only: false,
    limit_only: false,
    cancel_only: false,
    status: "online",
    status_message: "",
    trading_disabled: false,
    fx_stablecoin: false,
    max_slippage_percentage: "0.03000000",
    auction_mode: false,
    high_bid_limit_percentage: "",
  };
}

/** A frame of the status channel: every product, every currency. */
export function describeStatus(products: readonly Product[]): Message {
  const currencies = products.map(({ id, sizeDecimals }) =>
    describeCurrency(id.split("-")[0]!, sizeDecimals, "crypto"),
  );
  return {
    type: "status",
    products: products.map((product) => describeProduct(product)),
    currencies: [describeCurrency("USD", 2, "fiat"), ...currencies],
  };
}

function describeCurrency(id: string, decimals: number, type: "crypto" | "fiat"): object {
  const precision = (10 ** -decimals).toFixed(decimals);
  return {
    id,
    name: id,
    display_name: id,
    min_size: precision,
    status: "online",
    status_message: null,
    max_precision: precision,
    convertible_to: [],
    details: { type, symbol: type === "fiat" ? "$" : null, sort_order: 0, push_payment_methods: [type] },
    default_network: "",
    supported_networks: [],
  };
}
