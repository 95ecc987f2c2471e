/** Checks a tape of simulated frames against the exchange's rules, with bookkeeping of its own. */
import { expect } from "vitest";

export type Message = Record<string, unknown> & { type: string; product_id: string };

interface Order {
  side: string;
  price: string | undefined;
  remaining: bigint;
  state: "received" | "open" | "done";
}

interface Product {
  sequence: number;
  trade: number;
  orders: Map<string, Order>;
  levels: Map<string, string>;
  lastMatch: Message | undefined;
}

/** Decimals as whole numbers of 1e-9. */
const units = (text: unknown) => {
  const [whole, fraction = ""] = String(text).split(".");
  return BigInt(whole! + fraction.padEnd(9, "0"));
};

export class TapeChecker {
  readonly products = new Map<string, Product>();
  readonly counts = new Map<string, number>();
  lives = 0;

  check(message: Message): void {
    this.counts.set(message.type, (this.counts.get(message.type) ?? 0) + 1);
    let product = this.products.get(message.product_id);
    if (product === undefined) {
      product = { sequence: 0, trade: 0, orders: new Map(), levels: new Map(), lastMatch: undefined };
      this.products.set(message.product_id, product);
    }
    if (message.type === "snapshot") return this.#snapshot(product, message);
    if (message.type === "l2update") return this.#update(product, message);
    if (message.type === "ticker") return this.#ticker(product, message);
    expect(message["sequence"]).toBe(++product.sequence);
    this.#event(product, message);
  }

  #event(product: Product, message: Message): void {
    const order = product.orders.get(message["order_id"] as string);
    if (message.type === "received") {
      expect(order).toBeUndefined();
      const { side, price, size } = message as unknown as { side: string; price?: string; size: string };
      product.orders.set(message["order_id"] as string, { side, price, remaining: units(size), state: "received" });
    } else if (message.type === "open") {
      expect(order).toMatchObject({ state: "received", side: message["side"], price: message["price"] });
      expect(units(message["remaining_size"])).toBe(order!.remaining);
      order!.state = "open";
    } else if (message.type === "change") {
      expect(order!.state).toBe("open");
      expect(units(message["old_size"])).toBe(order!.remaining);
      expect(units(message["new_size"])).toBeLessThan(order!.remaining);
      order!.remaining = units(message["new_size"]);
    } else if (message.type === "done") {
      expect(["received", "open"]).toContain(order!.state);
      if (order!.price !== undefined) expect(units(message["remaining_size"])).toBe(order!.remaining);
      expect(message["reason"]).toBe(order!.remaining === 0n ? "filled" : "canceled");
      order!.state = "done";
      this.lives++;
    } else {
      expect(message.type).toBe("match");
      expect(message["trade_id"]).toBe(++product.trade);
      const maker = product.orders.get(message["maker_order_id"] as string)!;
      const taker = product.orders.get(message["taker_order_id"] as string)!;
      expect([maker.state, taker.state]).toEqual(["open", "received"]);
      expect([maker.side, maker.price]).toEqual([message["side"], message["price"]]);
      expect(taker.side).not.toBe(maker.side);
      maker.remaining -= units(message["size"]);
      taker.remaining -= units(message["size"]);
      expect(maker.remaining >= 0n && taker.remaining >= 0n).toBe(true);
      product.lastMatch = message;
    }
  }

  #ticker(product: Product, message: Message): void {
    const { sequence, trade_id, price, size, time, side } = product.lastMatch!;
    expect(message).toMatchObject({ sequence, trade_id, price, last_size: size, time });
    expect(message["side"]).not.toBe(side);
  }

  #snapshot(product: Product, message: Message): void {
    product.levels.clear();
    for (const [price, size] of message["bids"] as [string, string][]) product.levels.set(`buy ${price}`, size);
    for (const [price, size] of message["asks"] as [string, string][]) product.levels.set(`sell ${price}`, size);
    this.#expectBook(product);
  }

  #update(product: Product, message: Message): void {
    for (const [side, price, size] of message["changes"] as [string, string, string][]) {
      if (units(size) === 0n) product.levels.delete(`${side} ${price}`);
      else product.levels.set(`${side} ${price}`, size);
    }
    const best = (of: string, better: (a: bigint, b: bigint) => boolean) =>
      [...product.levels.keys()]
        .filter((key) => key.startsWith(of))
        .map((key) => units(key.split(" ")[1]))
        .reduce<bigint | undefined>((a, b) => (a === undefined || better(b, a) ? b : a), undefined);
    const bid = best("buy", (a, b) => a > b);
    const ask = best("sell", (a, b) => a < b);
    if (bid !== undefined && ask !== undefined) expect(bid).toBeLessThan(ask);
  }

  /** The book that level 2 tells is the one that the open orders make; true only between two steps of the market. */
  expectBook(productId: string): void {
    this.#expectBook(this.products.get(productId)!);
  }

  #expectBook(product: Product): void {
    const made = new Map<string, bigint>();
    for (const { side, price, remaining, state } of product.orders.values()) {
      if (state === "open") made.set(`${side} ${price}`, (made.get(`${side} ${price}`) ?? 0n) + remaining);
    }
    expect(new Map([...product.levels].map(([key, size]) => [key, units(size)]))).toEqual(made);
  }
}
