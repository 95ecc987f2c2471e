import { chmodSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, it, onTestFinished, vi } from "vitest";
import { parserOf } from "../../program/grammar.ts";
import { newFolder } from "../folder.ts";

/** A grammar of one word, the folder that its compiled parser is kept in, and a way to load it. */
function grammarOf(word: string) {
  const [folder, cache] = [newFolder(), newFolder()];
  vi.stubEnv("XDG_CACHE_HOME", cache);
  onTestFinished(() => void vi.unstubAllEnvs());
  const file = join(folder, "grammar.peggy");
  const write = (text: string) => writeFileSync(file, `Word = "${text}"`);
  write(word);
  return {
    cache,
    parsers: join(cache, "tapeline/parsers"),
    write,
    parse: (text: string) => parserOf(pathToFileURL(file), false).parse(text) as string,
  };
}

it("a parser is kept, and compiled again when its grammar changes or what is kept is damaged", () => {
  const { parsers, write, parse } = grammarOf("one");
  expect(parse("one")).toBe("one");
  const [kept] = readdirSync(parsers);
  writeFileSync(join(parsers, kept!), "({ parse: () => 'kept' })");
  expect(parse("one")).toBe("kept");
  for (const damaged of ["", "({ parse: () =>", "({})"]) {
    writeFileSync(join(parsers, kept!), damaged);
    expect(parse("one")).toBe("one");
  }
  // Others might have written it.
  writeFileSync(join(parsers, kept!), "({ parse: () => 'theirs' })");
  chmodSync(join(parsers, kept!), 0o622);
  expect(parse("one")).toBe("one");
  write("two");
  expect(parse("two")).toBe("two");
  expect(() => parse("one")).toThrow('Expected "two"');
  expect(readdirSync(parsers)).toHaveLength(2);
});

it("without a cache that can be written a parser is compiled all the same", () => {
  const { cache, parse } = grammarOf("one");
  writeFileSync(join(cache, "tapeline"), "a file where the folder would be");
  expect(parse("one")).toBe("one");
});
