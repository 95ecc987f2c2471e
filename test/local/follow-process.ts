/**
 * The local platform on an exchange that continues while it does not listen, until a signal: `DIR URL signed|keyless`. As
 * local/main.ts, whose own exchanges are Coinbase's, and a simulated one that waits for it.
 */
import { logTo } from "../../program/logger.ts";
import { stopSignal } from "../../program/command.ts";
import { runCommand } from "../../program/command-line.ts";
import { publicCredentials } from "../../exchange/credentials.ts";
import { Platform } from "../../local/platform.ts";
import { figures, summary } from "../../local/summary.ts";
import { openFeed } from "../../producer/coinbase/open.ts";

const [, , dir = "", url = "", rights = ""] = process.argv;

await runCommand(async () => {
  const signed = rights === "signed";
  const talk = (line: string) => void process.stderr.write(`${line}\n`);
  const platform = await Platform.open(dir, signed ? "simulator" : "live", talk);
  await platform.catchUp();
  const credentials = signed ? publicCredentials : undefined;
  const choice = { endpoints: [url], credentials, products: "all", productsPerSocket: 20, ownFields: "drop" } as const;
  const source = await openFeed(choice, logTo(process.stderr), platform.tape);
  const stop = stopSignal(undefined, () => {});
  const status = setInterval(() => talk(JSON.stringify(figures(platform))), 100);
  await platform.run(source, stop);
  clearInterval(status);
  process.stdout.write(`${summary(platform, 1, "")}\n`);
  await platform.close();
});
