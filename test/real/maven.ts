/** Servers for tests, fetched from Maven Central once and kept in the user's cache. */
import { execFile } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

/** The goals of this version were tried; without one Maven takes what it thinks newest. */
const plugin = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1";

const cache = join(process.env["XDG_CACHE_HOME"] || join(homedir(), ".cache"), "tapeline");

/** Where something is, or in a few words why it is not available. */
export type Fetched =
  | { readonly folder: string; readonly missing?: undefined }
  | { readonly folder?: undefined; readonly missing: string };

/** Runs a goal of the dependency plugin whose output is one folder, unless an earlier run has it already. */
export async function fetchOnce(name: string, goal: string, ...options: string[]): Promise<Fetched> {
  const folder = join(cache, name);
  if (existsSync(folder)) return { folder };
  mkdirSync(cache, { recursive: true });
  // Written elsewhere and renamed: two runs at once fetch it twice, and neither sees the half of it.
  const work = mkdtempSync(join(cache, `${name}.`));
  try {
    const repository = `-Dmaven.repo.local=${join(work, "repository")}`;
    const output = join(work, "output");
    const args = ["-q", "-B", ...options, repository, `-DoutputDirectory=${output}`, `${plugin}:${goal}`];
    // Without a project, Maven writes its notes into the directory where it is called.
    await promisify(execFile)("mvn", args, { cwd: work, timeout: 300_000 });
    renameSync(output, folder);
    return { folder };
  } catch (error) {
    if (existsSync(folder)) return { folder };
    const { code, stdout = "" } = error as NodeJS.ErrnoException & { stdout?: string };
    if (code === "ENOENT") return { missing: "Maven is not installed" };
    const [, reason = (error as Error).message] = /\[ERROR\] (.*)/.exec(stdout) ?? [];
    return { missing: `Maven could not fetch ${name}: ${reason.slice(0, 200)}` };
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}
