/** `npm run exchange`: the simulated exchange alone. */
import { stopSignal, UsageError } from "../program/command.ts";
import { command } from "../program/command-line.ts";
import { anyText, whole } from "../program/forms.ts";
import { publicCredentials } from "./credentials.ts";
import { faultHelp, parseFault } from "./faults.ts";
import type { End } from "./market.ts";
import { startExchange } from "./server.ts";

const declaration = {
  usage: `
npm run exchange [-- --port N] [--rate N] [--products N] [--seed N] [--wait] [--ends JSON] [--truth FILE]
                     [--fault FAULT]... [--child]`,
  about: `
A simulated Coinbase Exchange on this machine: the feed on ws://127.0.0.1:9465, the one where every subscribe is signed on
ws://127.0.0.1:9465/direct, REST on http://127.0.0.1:9465. When it listens it prints one line of JSON:
{"url":…,"rest":…,"credentials":…}; its only account is fixed and public, and protects nothing.`,
  options: {
    port: { form: whole(0, 65_535), default: "9465", doc: "The port. 0 takes any free port." },
    rate: {
      form: whole(1, 1_000_000),
      default: "2000",
      doc: "Events of the full channel per second, all products together.",
    },
    products: {
      form: whole(1, 10_000),
      default: "5",
      doc: "The number of products: BTC-USD, ETH-USD, SOL-USD, XRP-USD, DOGE-USD, then SIM006-USD and so on.",
    },
    seed: {
      form: whole(0, 2 ** 31 - 1),
      default: "1",
      doc: "The seed of the market: the same seed makes the same tape.",
    },
    wait: {
      doc: "Pauses a market while no client is subscribed to its full or matches channel, so that no event is missed.",
    },
    ends: {
      form: anyText,
      default: "{}",
      doc: 'Continues tapes after these events: {"BTC-USD":{"sequence":1237,"tradeId":66}}.',
    },
    truth: {
      form: anyText,
      doc: `Appends the truth log to this file, one JSON object per line: every event as its frame of the full channel, and
        what each connection was sent (exchange/truth.ts).`,
    },
    fault: {
      form: anyText,
      isMany: true,
      doc: `KIND[=VALUE][/CHANNEL[/PRODUCT]][@AFTER], such as drop=5@10s or stall=30s/full/BTC-USD@1m; may be repeated. To
        inject a fault while it runs: POST /_/faults with, for example, {"kind":"drop","count":5,"channel":"full","connection":1} (exchange/faults.ts).`,
    },
    child: { doc: "Exits when its standard input closes." },
  },
  notes: `
Faults:
${faultHelp}

It keeps the last 1,000,000 trades of each product for REST.`,
  exits: { 0: "ended by Ctrl-C, SIGTERM, SIGHUP or its parent" },
} as const;

await command(declaration, async ({ child, ends, fault, ...settings }) => {
  const faults = fault.map((one) => parseFault(one));
  const exchange = await startExchange({ ...settings, ends: parseEnds(ends), faults });
  try {
    const stop = stopSignal(undefined, () => {});
    const stopped = new Promise<void>((resolve) => {
      stop.addEventListener("abort", () => resolve(), { once: true });
      if (child) process.stdin.on("error", resolve).on("close", resolve).resume();
    });
    const { url, rest } = exchange;
    process.stdout.write(`${JSON.stringify({ url, rest, credentials: publicCredentials })}\n`);
    // A parent process reports the address itself.
    if (!child) process.stderr.write(`the simulated exchange listens on ${url}   (Ctrl-C stops)\n`);
    await stopped;
  } finally {
    // Reading standard input would keep the process alive.
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
    // Not JSON, or not such an object: reported below.
  }
  throw new UsageError(`--ends ${text}: {"BTC-USD":{"sequence":1237,"tradeId":66}} is expected.`);
}
