/**
 * Gets the Kafka client's native binding from the package's own installer: the prebuilt binary where its home answers,
 * otherwise a build of the source in the package against the system's libraries. (Left alone, the installer would
 * download the sources of those libraries; without their headers it would build without TLS, and say nothing.)
 *
 * It works in a copy beside the package: whatever ends it, the package is as it was.
 */
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { cpSync, existsSync, readdirSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { UserError } from "../../../program/command.ts";
import { copyBinding, features, lacking, packageName } from "./binding.ts";
import { allPackages, aptInstall, missingPackages, zstd } from "./packages.ts";

/** How long the home of the prebuilt binaries may take to answer. */
const answerMs = 5000;

/** How much of a failed build's log is shown. */
const shownLines = 30;

/** Puts a binding that works at `to`. Throws UserError when the machine lacks what that takes, or when a build fails. */
export async function makeBinding(
  folder: string,
  version: string,
  to: string,
  talk: (line: string) => void,
): Promise<void> {
  const what = `${packageName} ${version}`;
  const { home, answers } = await askHome(folder);
  if (!answers) demandPackages(what, home);

  const copy = join(folder, "..", `.kafka-javascript-${process.pid}`);
  const made = join(copy, "build");
  const remove = () => rmSync(copy, { recursive: true, force: true, maxRetries: 5 });
  process.once("exit", remove);
  try {
    copySource(folder, copy);
    if (answers) {
      talk(`fetching the prebuilt binary of ${what}`);
      await install(copy);
    }
    if (lacking(features(made)).length > 0) {
      demandPackages(what, home);
      await build(copy, made, what, talk);
    }
    copyBinding(made, to);
  } finally {
    process.off("exit", remove);
    remove();
  }
}

/** Throws UserError when a build from source can not succeed. */
function demandPackages(what: string, home: string): void {
  const outOfReach = `${what} needs a native binding, and its prebuilt binary is out of reach (${home}) or does not run here.`;
  if (process.platform !== "linux") throw new UserError(`${outOfReach} It is built from source on Linux only.`);
  const missing = missingPackages();
  if (missing.every((name) => name === zstd)) return;
  throw new UserError(
    `${outOfReach} Building it takes packages that are not installed. On Debian and Ubuntu, and elsewhere what corresponds:\n` +
      `  ${aptInstall(missing)}\nThen run this command again.`,
  );
}

/** Where the prebuilt binary comes from, a mirror if one is configured, and whether it is there. */
async function askHome(folder: string): Promise<{ home: string; answers: boolean }> {
  const { stdout } = spawnSync(process.execPath, [installer(folder), "reveal", "hosted_tarball"], {
    cwd: folder,
    encoding: "utf8",
  });
  const url = new URL(stdout.trim());
  const answer = fetch(url, { method: "HEAD", signal: AbortSignal.timeout(answerMs) });
  const answers = await answer.then(
    (response) => response.ok,
    () => false,
  );
  return { home: url.host, answers };
}

function copySource(folder: string, copy: string): void {
  // What a killed process has left behind.
  for (const name of readdirSync(dirname(copy)))
    if (/^\.kafka-javascript-\d+$/.test(name)) rmSync(join(dirname(copy), name), { recursive: true, force: true });
  // Objects of a build in the package itself, perhaps with other options, would be taken for up to date.
  const isSource = (path: string) => path !== join(folder, "build") && !/\.[oa]$/.test(path);
  cpSync(folder, copy, { recursive: true, filter: isSource });
}

async function build(copy: string, made: string, what: string, talk: (line: string) => void): Promise<void> {
  const started = performance.now();
  talk(`building ${what} from source, for no prebuilt binary is within reach: once on this machine, 1 to 4 minutes`);
  const { code, log } = await install(copy, "--build-from-source");
  const found = features(made);
  const lacks = lacking(found);
  if (code !== 0 || lacks.length > 0)
    throw new UserError(
      `${log}\n${what} ${code === 0 ? `was built without ${lacks.join(", ")}` : "could not be built"}; above is the end ` +
        `of the log. With these packages it can be built on Debian 12; then run this command again:\n  ${aptInstall(allPackages)}`,
    );
  talk(`built in ${((performance.now() - started) / 1000).toFixed(0)} s`);
  if (!found.includes("zstd")) talk(`it compresses with lz4, not with zstd: ${zstd} is not installed`);
}

/** Runs what npm would run at installation; on a terminal the seconds tick. Returns the end of what it said. */
async function install(copy: string, ...options: string[]): Promise<{ code: number | null; log: string }> {
  const env: NodeJS.ProcessEnv = { ...process.env, CKJS_LINKING: "dynamic" };
  // The package's makefiles do not bear being run in parallel; that of librdkafka uses all cores by itself.
  for (const name of ["JOBS", "MAKEFLAGS", "npm_config_jobs"]) delete env[name];
  // Node comes with its headers: where they are, nothing has to be downloaded.
  const prefix = dirname(dirname(process.execPath));
  if (existsSync(join(prefix, "include/node/node.h"))) env["npm_config_nodedir"] ??= prefix;

  const child = spawn(process.execPath, [installer(copy), "install", ...options], {
    cwd: copy,
    env,
    // A group of its own: the compilers end with it.
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const kill = () => {
    try {
      process.kill(-child.pid!, "SIGKILL");
    } catch {
      // It has just ended by itself.
    }
  };
  // Before the listener that removes what the compilers write.
  process.prependOnceListener("exit", kill);
  const stopTicking = tick();
  let log = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (chunk) => (log = (log + String(chunk)).slice(-20_000)));
  try {
    const [code] = (await once(child, "close")) as [number | null];
    return { code, log: log.trimEnd().split("\n").slice(-shownLines).join("\n") };
  } finally {
    stopTicking();
    process.off("exit", kill);
  }
}

function tick(): () => void {
  if (!process.stderr.isTTY) return () => {};
  const started = performance.now();
  const draw = () => process.stderr.write(`\r\u001b[K${((performance.now() - started) / 1000).toFixed(0)} s`);
  const timer = setInterval(draw, 1000);
  return () => {
    clearInterval(timer);
    process.stderr.write("\r\u001b[K");
  };
}

function installer(folder: string): string {
  return createRequire(join(folder, "package.json")).resolve("@mapbox/node-pre-gyp/bin/node-pre-gyp");
}
