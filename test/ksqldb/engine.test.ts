import { join } from "node:path";
import { expect, it } from "vitest";
import { Engine } from "../../ksqldb/engine/engine.ts";
import { readStatements } from "../../ksqldb/statements.ts";
import { engineTopics } from "../../local/platform.ts";
import { encoder } from "../../producer/encode.ts";
import { Log } from "../../producer/log/log.ts";
import { catalog } from "../../schemas/catalog.ts";
import { newFolder } from "../folder.ts";

const complain = (query: string, message: string) => {
  throw new Error(`${query}: ${message}`);
};

const event = {
  sequence: null,
  received_at: 2,
  side: "sell",
  order_id: null,
  order_type: null,
  price: "1",
  size: "1",
  remaining_size: null,
  funds: null,
  client_oid: null,
  reason: null,
  cancel_reason: null,
  trade_id: null,
  maker_order_id: null,
  taker_order_id: null,
  old_size: null,
  new_size: null,
  old_price: null,
  new_price: null,
  old_funds: null,
  new_funds: null,
  stop_type: null,
  stop_price: null,
  extra: null,
};

it("goes on after a restart where its stored rows end: no row twice, none missing, whenever it was stopped", async () => {
  const dir = join(newFolder(), "log");
  const { plans } = readStatements();
  let log = new Log(dir, catalog);
  log.begin("one");
  const encode = encoder((subject, schema) => log.schemas.register(subject, schema));
  for (let trade = 1; trade <= 40; trade++) {
    // Every third event is no trade, so that positions and rows differ.
    const value = {
      ...event,
      type: trade % 3 === 0 ? "received" : "match",
      product_id: "BTC-USD",
      time: trade,
      trade_id: trade,
    };
    log.frame(trade);
    log.send("coinbase_full", "BTC-USD", trade, encode("coinbase_full", value));
    await log.flush();
    if (trade % 4 === 0) new Engine(plans, engineTopics(log), complain).step();
    if (trade % 10 === 0) {
      await log.close();
      log = new Log(dir, catalog);
      log.begin("one");
    }
  }
  while (new Engine(plans, engineTopics(log), complain).step());
  const times = catalog.find(({ name }) => name === "coinbase_trades")!;
  const rows = Array.from({ length: times.partitions }, (_, partition) =>
    log.read(times.name, partition, 0, 1e9),
  ).flat();
  expect(rows.map(({ timestamp }) => timestamp)).toEqual(
    Array.from({ length: 40 }, (_, i) => i + 1).filter((trade) => trade % 3 !== 0),
  );
  await log.close();
});
