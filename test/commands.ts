/**
 * The commands of package.json as the tests run them: bundled once for all files of a run, because a process that starts from
 * a bundle needs a quarter of the time that tsx and hundreds of modules take. Modules see the addresses of their sources.
 */
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { pathToFileURL } from "node:url";
import { build, type Plugin } from "esbuild";

const project = join(import.meta.dirname, "..");
const fromSource = /^node --import tsx (\S+\.ts)/;

const nameOf = (source: string) => source.replace(/\.ts$/, "").replaceAll("/", "-");

interface Package {
  readonly scripts: Readonly<Record<string, string>>;
}

const scriptsOf = (folder: string) =>
  (JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as Package).scripts;

/** Bundles every command into a folder, and `more` source files. */
export async function bundleCommands(folder: string, more: readonly string[]): Promise<void> {
  const sources = Object.values(scriptsOf(project)).flatMap((script) => fromSource.exec(script)?.[1] ?? []);
  await build({
    absWorkingDir: project,
    entryPoints: [...new Set([...sources, ...more])].map((source) => ({ in: source, out: nameOf(source) })),
    outdir: folder,
    bundle: true,
    splitting: true,
    platform: "node",
    format: "esm",
    target: "node20",
    outExtension: { ".js": ".mjs" },
    external: ["@duckdb/node-bindings", "@confluentinc/*", "@google-cloud/*"],
    // Packages of CommonJS ask for Node's own modules.
    banner: {
      js: `import { createRequire as requireOf } from "node:module"; const require = requireOf("${project}/package.json");`,
    },
    plugins: [sourceAddresses],
    logLevel: "error",
  });
  symlinkSync(join(project, "node_modules"), join(folder, "node_modules"));
  mkdirSync(join(folder, "bin"));
  writeFileSync(join(folder, "bin/npm"), npm, { mode: 0o755 });
}

/** For what Terraform runs in a copy of the project, in half the time of npm. */
const npm = `#!/bin/sh
[ "$1 $2 $3 $4" = "run --silent ksqldb --" ] || exit 64
shift 4
exec node ksqldb-main.mjs "$@"
`;

/** Files beside a module are found beside its source. `import.meta.filename` stays: it tells which module is the command. */
const sourceAddresses: Plugin = {
  name: "addresses of the sources",
  setup(bundler) {
    bundler.onLoad({ filter: /\.[jt]s$/ }, ({ path }) => {
      const text = readFileSync(path, "utf8");
      if (path.endsWith(".ts")) {
        const contents = text
          .replaceAll("import.meta.url", JSON.stringify(pathToFileURL(path).href))
          .replaceAll("import.meta.dirname", JSON.stringify(dirname(path)));
        return { loader: "ts", contents };
      }
      if (!text.includes("__dirname")) return undefined;
      return { loader: "js", contents: text.replaceAll("__dirname", JSON.stringify(dirname(path))) };
    });
  },
};

/** The bundle of a source file. */
export const bundleOf = (folder: string, source: string) => join(folder, `${nameOf(source)}.mjs`);

/** Gives a copy of the project the bundles, and scripts that run them. */
export function giveBundles(folder: string, clone: string): void {
  const names = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isFile());
  for (const { name } of names)
    writeFileSync(join(clone, name), readFileSync(join(folder, name), "utf8").replaceAll(project, clone));
  const text = readFileSync(join(project, "package.json"), "utf8");
  const bundled = text.replace(
    /node --import tsx (\S+\.ts)/g,
    (_, source: string) => `node ${relative(clone, bundleOf(clone, source))}`,
  );
  writeFileSync(join(clone, "package.json"), bundled);
}

/** What `npm run <name> …words` starts in a folder, after `node`; words of npm's own are before `--`. */
export function scriptWords(folder: string, [name, ...words]: readonly string[]): string[] {
  const script = scriptsOf(folder)[name!];
  if (script === undefined) throw new Error(`there is no script ${name}`);
  return [...script.split(" ").slice(1), ...(words[0] === "--" ? words.slice(1) : words)];
}
