/** The resting orders of one product, by price and then by time. Prices are in ticks, sizes in steps of the product. */

export type Side = "buy" | "sell";

export interface Order {
  readonly id: string;
  readonly side: Side;
  readonly price: number;
  remaining: number;
}

interface Level {
  readonly price: number;
  readonly orders: Order[];
  size: number;
}

export class Book {
  /** Best first: bids from the highest price down, asks from the lowest up. */
  readonly buy: Level[] = [];
  readonly sell: Level[] = [];
  /** Every resting order, unordered. */
  readonly orders: Order[] = [];

  best(side: Side): Level | undefined {
    return this[side][0];
  }

  /** Returns the size that rests at a price. */
  sizeAt(side: Side, price: number): number {
    const { levels, at } = this.#find(side, price);
    return levels[at]?.price === price ? levels[at].size : 0;
  }

  add(order: Order): void {
    const { levels, at } = this.#find(order.side, order.price);
    if (levels[at]?.price !== order.price) levels.splice(at, 0, { price: order.price, orders: [], size: 0 });
    levels[at]!.orders.push(order);
    levels[at]!.size += order.remaining;
    this.orders.push(order);
  }

  /** Reduces a resting order by `size` after a match or a change. It keeps its place in the queue. */
  reduce(order: Order, size: number): void {
    const { levels, at } = this.#find(order.side, order.price);
    levels[at]!.size -= size;
    order.remaining -= size;
  }

  remove(order: Order): void {
    const { levels, at } = this.#find(order.side, order.price);
    const level = levels[at]!;
    level.size -= order.remaining;
    level.orders.splice(level.orders.indexOf(order), 1);
    if (level.orders.length === 0) levels.splice(at, 1);
    const last = this.orders.pop()!;
    if (last !== order) this.orders[this.orders.indexOf(order)] = last;
  }

  /** Finds the index of a price, or the index where it belongs. */
  #find(side: Side, price: number): { levels: Level[]; at: number } {
    const levels = this[side];
    let low = 0;
    let high = levels.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const better = side === "buy" ? levels[middle]!.price > price : levels[middle]!.price < price;
      if (better) low = middle + 1;
      else high = middle;
    }
    return { levels, at: low };
  }
}
