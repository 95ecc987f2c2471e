import avsc from "avsc";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { newCounters } from "../../producer/counters.ts";
import { Metrics } from "../../producer/metrics.ts";
import { produce } from "../../producer/pipeline.ts";
import { readSchema } from "../../schemas/avro.ts";
import { catalog } from "../../schemas/catalog.ts";
import { Log } from "../../topics/log/log.ts";
import { headerLength } from "../../topics/wire.ts";
import { newFolder } from "../folder.ts";
import { toy } from "./toy/source.ts";

it("a second source goes through the pipeline into the log, with its own decoder, watch, figures and faults", async () => {
  const log = new Log(newFolder(), catalog);
  const counters = newCounters();
  const poll = (number: number) => ({ poll: number, asset: "bitcoin", price: `${number}.5` });
  const source = toy([poll(1), poll(4), poll(4), "slow down", poll(5)]);
  const idOf = (subject: string, schema: object) => log.schemas.idOf(subject, schema);
  await produce({ source, sink: log, idOf, counters }, new AbortController().signal);

  const type = avsc.Type.forSchema(readSchema("coinbase_ticker") as avsc.Schema);
  const records = log
    .partitions("coinbase_ticker")
    .flatMap((partition) => partition.read(0, 1e6))
    .map(({ value }) => type.fromBuffer(value!.subarray(headerLength)) as { type: string; sequence: number });
  await log.close();
  // What the watch returns is published before the event that it was found at.
  expect(records.map(({ type: kind, sequence }) => `${kind} ${sequence}`)).toEqual([
    "poll 1",
    "missed 2",
    "missed 3",
    "poll 4",
    "limited 99",
    "poll 5",
  ]);
  expect(counters).toMatchObject({ frames: 5, events: 4, records: 6, control: { limit: 1 } });
  const metrics = new Metrics(counters);
  metrics.watchSource(source.health!);
  expect(await metrics.text()).toContain("tapeline_polls_missed_total 2\n");
  expect(source.health!.faults()).toEqual(["2 polls failed"]);
});

it("the pipeline knows no exchange", () => {
  const dir = join(import.meta.dirname, "../../producer");
  // The command composes the sources; the simulated exchange is one of Coinbase's kind.
  const pipeline = readdirSync(dir).filter(
    (name) => name.endsWith(".ts") && !["main.ts", "simulator.ts"].includes(name),
  );
  expect(pipeline).toContain("gate.ts");
  for (const name of pipeline)
    expect(readFileSync(join(dir, name), "utf8"), name).not.toMatch(/coinbase|heartbeat|last_match|trade_id/i);
});
