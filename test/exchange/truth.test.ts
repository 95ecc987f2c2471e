import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { newFolder } from "../folder.ts";
import { TapeChecker, type Message } from "../local/tape-checker.ts";
import { Client, exchange } from "./client.ts";

interface Note {
  readonly truth: string;
  readonly kind?: string;
  readonly connection?: number;
  readonly channel?: string;
  readonly product_id?: string;
  readonly sequence?: number;
  readonly sent?: Stretch;
  readonly hit?: Stretch;
}

interface Stretch {
  readonly frames: number;
  readonly sequences: [first: number, last: number];
}

type Event = Message & { readonly sequence: number };

function read(file: string): { events: Event[]; notes: Note[] } {
  const lines = readFileSync(file, "utf8").trimEnd().split("\n");
  const entries = lines.map((line) => JSON.parse(line) as Note | Event);
  return {
    events: entries.filter((line): line is Event => "type" in line),
    notes: entries.filter((line): line is Note => "truth" in line),
  };
}

async function unsubscribe(client: Client, channel: string): Promise<void> {
  client.send({ type: "unsubscribe", channels: [channel] });
  while (((await client.next("subscriptions"))["channels"] as unknown[]).length > 0);
}

it("has every event of every market, received or not, all of them valid", async () => {
  const file = join(newFolder(), "truth.jsonl");
  const started = await exchange({ truth: file, rate: 5000 });
  const client = await Client.connect(started.url);
  client.subscribe(["heartbeat"], ["BTC-USD"]);
  await client.next("heartbeat");
  await started.close();
  const checker = new TapeChecker();
  const { events } = read(file);
  for (const event of events) checker.check(event);
  expect(checker.products.size).toBe(5);
  expect(events.length).toBeGreaterThan(1000);
});

it("records to the frame what each connection received and what was lost", async () => {
  const file = join(newFolder(), "truth.jsonl");
  const products = ["BTC-USD", "ETH-USD"];
  const started = await exchange({ truth: file, rate: 5000 });
  const [full, matches] = [await Client.connect(started.url), await Client.connect(started.url)];
  full.subscribe(["full"], products);
  matches.subscribe(["matches"], products);
  await full.take(300);
  started.faults.inject({ kind: "drop", count: 40, product: "BTC-USD", connection: 1 });
  await full.take(300);
  started.faults.inject({ kind: "stall", ms: 50, connection: 1 });
  await full.take(300);
  await unsubscribe(full, "full");
  await unsubscribe(matches, "matches");
  await started.close();

  const { events, notes } = read(file);
  for (const product of products) {
    const about = (connection: number) =>
      notes.filter((note) => note.connection === connection && note.product_id === product);
    const due = (connection: number) => {
      const from = about(connection).find(({ truth }) => truth === "subscribe")!.sequence!;
      const to = about(connection).find(({ truth }) => truth === "unsubscribe")!.sent!.sequences[1];
      const lost = about(connection).flatMap(({ truth, hit }) => (truth === "fault" ? [hit!.sequences] : []));
      return events.filter(
        ({ product_id, sequence }) =>
          product_id === product &&
          sequence > from &&
          sequence <= to &&
          lost.every(([first, last]) => sequence < first || sequence > last),
      );
    };
    const got = (client: Client) =>
      client.frames.filter(({ type, product_id }) => product_id === product && type !== "last_match");
    expect(got(full)).toEqual(due(1));
    expect(got(matches)).toEqual(due(2).filter(({ type }) => type === "match"));
    expect(about(1).find(({ truth }) => truth === "unsubscribe")!.sent!.frames).toBe(got(full).length);
    expect(about(1).flatMap(({ kind }) => kind ?? [])).toEqual(product === "BTC-USD" ? ["drop", "stall"] : ["stall"]);
  }
  const dropped = notes.find(({ kind }) => kind === "drop")!.hit!;
  expect([dropped.frames, dropped.sequences[1] - dropped.sequences[0]]).toEqual([40, 39]);
});

it("records connections, limits and faults that hit no frame", async () => {
  const file = join(newFolder(), "truth.jsonl");
  const never = { rate: 0, burst: 1 };
  const twice = { rate: 0, burst: 2 };
  const started = await exchange({ truth: file, limits: { handshakes: twice, messages: twice, requests: never } });
  const client = await Client.connect(`${started.url}/direct`);
  started.faults.inject({ kind: "lacking-channel" });
  client.subscribe(["heartbeat", "ticker"]);
  await client.take(2);
  started.faults.inject({ kind: "close" });
  await client.closed;
  const next = await Client.connect(started.url);
  next.send("{}");
  next.send("{}");
  await next.closed;
  await expect(Client.connect(started.url)).rejects.toThrow("429");
  await fetch(started.rest);
  await fetch(started.rest);
  await started.close();
  expect(read(file).notes).toMatchObject([
    { truth: "connect", connection: 1, path: "/direct" },
    { truth: "fault", kind: "lacking-channel", connection: 1, channel: "heartbeat" },
    { truth: "subscribe", connection: 1, channel: "ticker", product_id: "BTC-USD" },
    { truth: "fault", kind: "close", connection: 1 },
    { truth: "unsubscribe", connection: 1, channel: "ticker", product_id: "BTC-USD" },
    { truth: "disconnect", connection: 1, cause: "close" },
    { truth: "connect", connection: 2, path: "/" },
    { truth: "limit", of: "messages", connection: 2 },
    { truth: "disconnect", connection: 2, cause: "ErrSlowRead" },
    { truth: "limit", of: "handshakes" },
    { truth: "limit", of: "requests" },
  ]);
});
