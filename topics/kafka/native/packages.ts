/** What a build of the Kafka client from source asks of the machine, as Debian's packages. */
import { spawnSync } from "node:child_process";

/** Without the headers of zstd a build succeeds, and compresses with lz4 only. */
export const zstd = "libzstd-dev";

const headers = { "openssl/ssl.h": "libssl-dev", "zlib.h": "zlib1g-dev", "zstd.h": zstd };

export const allPackages: readonly string[] = ["build-essential", "python3", ...Object.values(headers)];

const compiler = "c++";

/** Those whose programs or headers are not there. Takes about a tenth of a second. */
export function missingPackages(): string[] {
  const runs = (command: string) => spawnSync(command, ["--version"], { stdio: "ignore" }).status === 0;
  const missing = new Set<string>();
  if (!runs("python3")) missing.add("python3");
  if (!runs(compiler) || !runs("make")) {
    // Without a compiler nothing is known about the headers: to name one that is there does no harm.
    for (const name of ["build-essential", ...Object.values(headers)]) missing.add(name);
  } else {
    const input = Object.entries(headers).map(([path, name]) => `#if !__has_include(<${path}>)\n${name}\n#endif\n`);
    const { stdout } = spawnSync(compiler, ["-E", "-P", "-x", "c++", "-"], { encoding: "utf8", input: input.join("") });
    for (const line of stdout.split("\n")) if (line !== "") missing.add(line);
  }
  return allPackages.filter((name) => missing.has(name));
}

/** The line that installs them. */
export function aptInstall(packages: readonly string[]): string {
  return `${process.getuid?.() === 0 ? "" : "sudo "}apt-get install -y ${packages.join(" ")}`;
}
