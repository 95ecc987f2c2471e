/** `npm run exchange`: the simulated exchange alone. */
import { parseCommand, parseWhole, runCommand, stopSignal, UsageError, notUnderstood } from "../program/command.ts";
import { publicCredentials } from "./credentials.ts";
import { faultHelp, parseFault } from "./faults.ts";
import type { End } from "./market.ts";
import { startExchange } from "./server.ts";

const help = `npm run exchange [-- --port N] [--rate N] [--products N] [--seed N] [--wait] [--ends JSON] [--truth FILE] [--fault FAULT]... [--child]

A simulated Coinbase Exchange on this machine: the feed on ws://127.0.0.1:9465, the one where every subscribe is signed on
ws://127.0.0.1:9465/direct, REST on http://127.0.0.1:9465. When it listens it prints one line of JSON: {"url":…,"rest":…,"credentials":…}; its only
account is fixed, public, and guards nothing.

  --port      The port (default 9465; 0: any free one).
  --rate      Events of the full channel a second, of all products together (default 2000).
  --products  How many products: BTC-USD, ETH-USD, SOL-USD, XRP-USD, DOGE-USD (default 5), then SIM006-USD and so on.
  --seed      Another seed is another market (default 1).
  --wait      A market stands still while nobody listens to its full or matches: nothing is missed.
  --ends      Where tapes end that go on: {"BTC-USD":{"sequence":1237,"tradeId":66}}.
  --truth     Appends all that happened to this file, one JSON a line: every event as its frame of the full channel, and
              what each connection was sent (exchange/truth.ts).
  --fault     KIND[=VALUE][/CHANNEL[/PRODUCT]][@AFTER], as drop=5@10s or stall=30s/full/BTC-USD@1m; may be repeated. While it
              runs: POST /_/faults, as {"kind":"drop","count":5,"channel":"full","connection":1} (exchange/faults.ts).
  --child     Ends when its standard input does.

Faults:
${faultHelp}

It keeps the last 1,000,000 trades of each product for REST.

Exit codes: 0 ended by Ctrl-C, SIGTERM, SIGHUP or its parent, 1 a fault that the message explains, 2 a command line not
understood, 70 a fault nobody foresaw, with its stack.
`;

await runCommand(async () => {
  const { values, positionals } = parseCommand({
    port: { type: "string", default: "9465" },
    rate: { type: "string", default: "2000" },
    products: { type: "string", default: "5" },
    seed: { type: "string", default: "1" },
    wait: { type: "boolean", default: false },
    ends: { type: "string", default: "{}" },
    truth: { type: "string" },
    fault: { type: "string", multiple: true, default: [] },
    child: { type: "boolean", default: false },
  });
  if (values.help) return void process.stdout.write(help);
  if (positionals.length > 0) throw notUnderstood(0);
  const exchange = await startExchange({
    port: parseWhole("--port", values.port, 65_535, 0),
    rate: parseWhole("--rate", values.rate, 1_000_000),
    products: parseWhole("--products", values.products, 10_000),
    seed: parseWhole("--seed", values.seed, 2 ** 31 - 1, 0),
    wait: values.wait,
    ends: parseEnds(values.ends),
    truth: values.truth,
    faults: values.fault.map((fault) => parseFault(fault)),
  });
  try {
    const stop = stopSignal(undefined, () => {});
    const stopped = new Promise<void>((resolve) => {
      stop.addEventListener("abort", () => resolve(), { once: true });
      if (values.child) process.stdin.on("error", resolve).on("close", resolve).resume();
    });
    const { url, rest } = exchange;
    process.stdout.write(`${JSON.stringify({ url, rest, credentials: publicCredentials })}\n`);
    // A parent tells its user itself.
    if (!values.child) process.stderr.write(`the simulated exchange listens on ${url}   (Ctrl-C stops)\n`);
    await stopped;
  } finally {
    // A standard input that is being read would keep the process.
    process.stdin.destroy();
    await exchange.close();
  }
});

function parseEnds(text: string): ReadonlyMap<string, End> {
  const isCount = (value: unknown) => Number.isSafeInteger(value) && Number(value) >= 0;
  try {
    const entries = Object.entries(JSON.parse(text) as Record<string, Partial<End>>);
    if (entries.every(([, end]) => isCount(end.sequence) && isCount(end.tradeId))) {
      return new Map(entries as [string, End][]);
    }
  } catch {
    // Not JSON, or not such an object: told below.
  }
  throw new UsageError(`--ends ${text}: {"BTC-USD":{"sequence":1237,"tradeId":66}} is expected.`);
}
