/**
 * Makes the Kafka client loadable. `npm ci` runs no install scripts, so the client arrives without its native binding,
 * and whoever needs no Kafka needs no compiler. The first command that needs Kafka takes the binding from where it is
 * cheapest: the package's folder, an earlier clone on this machine, the package's own installer.
 */
import { mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { homedir, release } from "node:os";
import { dirname, join } from "node:path";
import { UserError } from "../../program/command.ts";
import { addon, copyBinding, features, lacking, packageName } from "./native/binding.ts";
import { makeBinding } from "./native/build.ts";
import { withLock } from "./native/lock.ts";
import { missingPackages } from "./native/packages.ts";

/**
 * Resolves when the client can be loaded: to be called before anything that imports it. `talk` gets a line about what
 * takes long; where nothing is to be done there is no word, and it costs next to nothing. Throws UserError when the
 * machine lacks what a build needs, or when a build fails.
 */
export async function ensureBinding(talk: (line: string) => void): Promise<void> {
  const manifest = findManifest();
  const folder = dirname(manifest);
  const binding = join(folder, "build");
  if (isMarked(binding)) return;

  if (!works(binding)) {
    const waits = () => talk(`waiting for another process that makes ${packageName} ready`);
    await withLock(join(folder, "..", ".kafka-javascript.lock"), waits, async () => {
      // The other process has.
      if (works(binding)) return;
      const { version } = JSON.parse(readFileSync(manifest, "utf8")) as { version: string };
      const cached = join(cacheFolder(), `kafka-javascript-${version}-${system()}`);
      if (works(cached) && !canBeBettered(cached)) return copyBinding(cached, binding);
      await makeBinding(folder, version, binding, talk);
      ifPossible(() => {
        mkdirSync(dirname(cached), { recursive: true });
        copyBinding(binding, cached);
      });
    });
  }
  ifPossible(() => writeFileSync(join(binding, mark), identity(binding)));
}

function works(binding: string): boolean {
  return lacking(features(binding)).length === 0;
}

/** Who has installed what zstd takes since it was built expects a new clone to have zstd. */
function canBeBettered(binding: string): boolean {
  return !features(binding).includes("zstd") && missingPackages().length === 0;
}

function findManifest(): string {
  try {
    return createRequire(import.meta.url).resolve(`${packageName}/package.json`);
  } catch (error) {
    throw new UserError(`${packageName} is not installed. Run \`npm ci\`.`, { cause: error });
  }
}

function cacheFolder(): string {
  return join(process.env["XDG_CACHE_HOME"] || join(homedir(), ".cache"), "tapeline");
}

/**
 * What a binding was made for. The distribution and its version stand for the C library and OpenSSL: whether a binding
 * fits is known when it was loaded, and the name only keeps systems that share a home from replacing each other's.
 */
function system(): string {
  return [`abi${process.versions.modules}`, process.platform, process.arch, distribution()].join("-");
}

function distribution(): string {
  try {
    const text = readFileSync("/etc/os-release", "utf8");
    const value = (key: string) => new RegExp(`^${key}="?([\\w.-]+)`, "m").exec(text)?.[1] ?? "";
    return value("ID") + value("VERSION_ID");
  } catch {
    return release();
  }
}

/** The file in a binding that says: this very binding was loaded on this very system. No process has to try again. */
const mark = "loads";

function isMarked(binding: string): boolean {
  try {
    return readFileSync(join(binding, mark), "utf8") === identity(binding);
  } catch {
    return false;
  }
}

function identity(binding: string): string {
  const { size, mtimeMs } = statSync(join(binding, addon));
  return `${system()} ${size} ${mtimeMs}\n`;
}

/** For what only saves time: where a folder can not be written, it is done without. */
function ifPossible(save: () => void): void {
  try {
    save();
  } catch (error) {
    if (!(error instanceof Error && "syscall" in error)) throw error;
  }
}
