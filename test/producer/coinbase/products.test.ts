import { expect, it } from "vitest";
import { chooseProducts, ofShard, type Product } from "../../../producer/coinbase/products.ts";

const product = (id: string, more: Partial<Product> = {}): Product => ({
  id,
  status: "online",
  base_increment: "0.00000001",
  quote_increment: "0.01",
  ...more,
});

const offered = [
  product("BTC-EUR"),
  product("BTC-USD"),
  product("ETH-BTC"),
  product("ETH-USD"),
  product("OLD-USD", { status: "delisted" }),
  product("PEPE-USD", { quote_increment: "0.00000000001" }),
  product("TRIM-USD", { quote_increment: "0.00000000100000" }),
  product("TINY-USD", { quote_increment: "1e-10" }),
  product("WHOLE-USD", { base_increment: "1E+2", quote_increment: "1.0e-8" }),
];

function choose(choice: string) {
  const left: string[] = [];
  return { chosen: chooseProducts(offered, choice, (line) => left.push(line)), left };
}

it.each([
  ["BTC-USD", ["BTC-USD"]],
  [" eth-usd , BTC-EUR,ETH-USD", ["ETH-USD", "BTC-EUR"]],
  ["ETH-*", ["ETH-BTC", "ETH-USD"]],
  ["*-EUR,BTC-*", ["BTC-EUR", "BTC-USD"]],
])("%j chooses ids and patterns, in the order named, each once", (choice, expected) => {
  expect(choose(choice)).toEqual({ chosen: expected, left: [] });
});

it("takes all that trade and that the tables can hold, and says what it leaves out", () => {
  expect(choose("all")).toEqual({
    chosen: ["BTC-EUR", "BTC-USD", "ETH-BTC", "ETH-USD", "TRIM-USD", "WHOLE-USD"],
    left: [
      "PEPE-USD is left out: it trades in steps finer than 1e-9, more than the tables can hold",
      "TINY-USD is left out: it trades in steps finer than 1e-9, more than the tables can hold",
    ],
  });
});

it.each([
  ["NOPE-USD", "NOPE-USD is not a product of the exchange"],
  ["BTC.USD", "BTC.USD is not a product of the exchange"],
  ["DOGE-*", "DOGE-* matches no product that trades"],
  ["OLD-USD", "OLD-USD does not trade: its status is delisted"],
  ["PEPE-USD", "PEPE-USD trades in steps finer than 1e-9"],
  [" , ", "COINBASE_PRODUCTS names no product"],
])("refuses %j", (choice, message) => {
  expect(() => choose(choice)).toThrow(message);
});

it("puts each product into one shard, whatever else there is", () => {
  const ids = Array.from({ length: 1000 }, (_, i) => `SIM${i}-USD`);
  const shards = [1, 2, 3].map((index) => ofShard(ids, { index, count: 3 }));
  expect(shards.flat().toSorted()).toEqual(ids.toSorted());
  for (const shard of shards) expect(shard.length).toBeGreaterThan(250);
  expect(ofShard(["SIM7-USD", "ETH-USD"], { index: 1, count: 3 }).includes("SIM7-USD")).toBe(
    shards[0]!.includes("SIM7-USD"),
  );
});
