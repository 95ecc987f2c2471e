/** `npm start`: the local platform. */
import { parseCommand, parseDuration, parseWhole, runCommand, stopSignal, UsageError, UserError } from "../command.ts";
import type { Source } from "../producer/frame.ts";
import { openRecording } from "../producer/recording.ts";
import { simulator } from "./exchange/simulator.ts";
import type { End } from "./exchange/market.ts";
import { Platform } from "./platform.ts";
import { serve, type Service } from "./server.ts";
import { showStatus, type Status } from "../status.ts";
import { figures, summary } from "./summary.ts";

const help = `npm start [-- --source auto|simulator|FILE] [--for 30s] [--rate N] [--port N] [--data DIR]

  --source   simulator: the simulated exchange. FILE: a recording, one frame a line, bare or after "<unix seconds> " or
             "YYYY-MM-DD hh:mm:ss,mmm ", gzipped or not; replayed as fast as it goes. auto (default): the simulator.
  --for      Stop after so long: 500ms, 30s, 5m, 1h. Without it: until Ctrl-C, or the end of the recording.
  --rate     Frames a second of the simulator (default 2000).
  --port     The port on this machine that answers npm run sql (default 8080, or a free one).
  --data     The data directory (default .tapeline). It keeps the log and the tables; a second run goes on there.

Exit codes: 0 done, 1 a fault that the message explains, 2 a command line not understood, 70 a fault
nobody foresaw, with its stack.
`;

await runCommand(async () => {
  const { values, positionals } = parseCommand({
    source: { type: "string", default: "auto" },
    for: { type: "string" },
    rate: { type: "string", default: "2000" },
    port: { type: "string" },
    data: { type: "string", default: ".tapeline" },
  });
  if (values.help) return void process.stdout.write(help);
  if (positionals.length > 0) throw new UsageError(`${positionals[0]} is one word too many. Try --help.`);
  const duration = values.for === undefined ? undefined : parseDuration("--for", values.for);
  const port = values.port === undefined ? undefined : parseWhole("--port", values.port, 65_535);
  const rate = parseWhole("--rate", values.rate, 1_000_000);
  if (values.source === "live")
    throw new UserError("--source live: this version has no live feed yet. Use simulator, or the path of a recording.");
  const simulated = values.source === "auto" || values.source === "simulator";
  // A recording is read before anything is written: what is no recording leaves no trace.
  const recording = simulated ? undefined : await openRecording(values.source);

  const talk = (line: string) => void process.stderr.write(`${line}\n`);
  const platform = await Platform.open(values.data, simulated ? "simulator" : "recording", talk);
  let service: Service | undefined;
  let status: Status | undefined;
  try {
    service = await serve(values.data, platform.warehouse, port);
    status = showStatus(() => figures(platform), process.stderr);
    const stop = stopSignal(duration, () => talk("\nstopping: storing what has come (Ctrl-C again ends at once)"));
    await platform.catchUp();
    const source: Source = recording ?? simulator(await tapeEnds(platform), rate);
    talk(
      `${simulated ? "simulated exchange" : values.source} → ${values.data}${recording ? "" : "   (Ctrl-C stops, the data stay)"}`,
    );
    talk(
      `next, in another terminal: npm run sql -- run candles${values.data === ".tapeline" ? "" : ` --data ${values.data}`}`,
    );
    const start = performance.now();
    await platform.run(source, stop);
    status.stop();
    if (recording && stop.aborted) talk("stopped before the end of the recording: the same command goes on with it");
    process.stdout.write(`${summary(platform, (performance.now() - start) / 1000)}\n`);
  } finally {
    status?.stop();
    service?.close();
    await platform.close();
  }
});

/** Where the simulated tape in the data directory ends, so that it goes on from there. */
async function tapeEnds(platform: Platform): Promise<Map<string, End>> {
  const connection = await platform.warehouse.connect();
  const result = await connection.runAndReadAll(
    "SELECT product_id, max(sequence), coalesce(max(trade_id), 0) FROM coinbase_full WHERE sequence IS NOT NULL GROUP BY product_id",
  );
  platform.warehouse.disconnect(connection);
  const rows = result.getRows() as [product: string, sequence: bigint, tradeId: bigint][];
  return new Map(
    rows.map(([product, sequence, tradeId]) => [product, { sequence: Number(sequence), tradeId: Number(tradeId) }]),
  );
}
