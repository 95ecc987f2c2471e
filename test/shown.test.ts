import { execFileSync } from "node:child_process";
import { expect, it } from "vitest";
import { dataOption, nearest, shellWord, shown, shownPath } from "../program/command.ts";

it.each(["soon", "99999", "1.5", "30s", "xml", "GSSAPI", "SCRAM-SHA-1", "BTC_USD", "2026-02-30T12:00:00.000001Z", ""])(
  "a message shows %j, a plain word, number or time",
  (text) => expect(shown(text)).toBe(text),
);

it.each([
  "hunter2",
  "5ea5c0ffee5ea5c0ffee5ea5c0ffee00",
  "VGhlIHNpbXVsYXRlZA==",
  "AKIAIOSFODNN7EXAMPLE",
  "4f9b1c52-77aa-4e0e-9d2e-1c5ea5c0ffee",
  "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln",
  "-----BEGIN PRIVATE KEY-----\nMIIE",
  "abcdefghijklmnopqrstuvwxyz",
])("of %j a message shows the length alone: it may be a secret", (text) => {
  for (const told of [shown(text), shownPath(text)]) expect(told).toBe(`a text of ${text.length} letters (not shown)`);
});

it("a path is shown, and a URL with a password is none", () => {
  for (const path of ["/nowhere/frames1.txt", "./data 2016", "full-2016.txt.gz", "~/x7f/a"])
    expect(shownPath(path)).toBe(path);
  for (const text of ["wss://me:hunter2@host/x.txt", "https://host/x.txt?key=hunter2", "VGhl/IHNpbXVsYXRlZA=="])
    expect(shownPath(text)).toContain("(not shown)");
});

it.each(["plain", "/a/b.c", "two words", "it's", '"quoted"', "$HOME `x` \\ !*", "a\nb", ""])(
  "a shell reads %j back from a hint",
  (text) => expect(execFileSync("sh", ["-c", `printf %s ${shellWord(text)}`]).toString()).toBe(text),
);

it("a hint names a data directory but the default one, also one that looks like an option", () => {
  expect([".tapeline", "data", "my data", "-data"].map(dataOption)).toEqual([
    "",
    " --data data",
    " --data 'my data'",
    " --data=-data",
  ]);
});

it.each([
  ["BTC-UDS", "BTC-USD"],
  ["btc-usd", "BTC-USD"],
  ["ETHUSD", "ETH-USD"],
  ["ETH-USDD", "ETH-USD"],
  ["DOGE-EUR", undefined],
])("of products the nearest to %s is %s", (word, near) => {
  expect(nearest(word, ["BTC-USD", "ETH-USD", "ETH-BTC"])).toBe(near);
});
