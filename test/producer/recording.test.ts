import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { appendFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { openRecording } from "../../producer/coinbase/recording.ts";
import { newFolder } from "../folder.ts";
import { match, ticker } from "./coinbase/decode/frames.ts";

function recording(content: string | Buffer, name = "frames.txt"): string {
  const path = join(newFolder(), name);
  writeFileSync(path, content);
  return path;
}

async function framesOf(path: string) {
  const source = await openRecording(path);
  const frames = [];
  for await (const batch of source.batches(new AbortController().signal)) frames.push(...batch.frames);
  return {
    id: source.id,
    startsAt: source.startsAt,
    cut: source.cut,
    checksums: [...source.checksums],
    frames: frames.map(({ bytes, number, receivedAt }) => ({ text: bytes.toString(), number, receivedAt })),
  };
}

const line = JSON.stringify(match);

/** With a bit of its checksum turned. */
function damaged(bytes: Buffer): Buffer {
  bytes[bytes.length - 6]! ^= 0x10;
  return bytes;
}

describe("a recording", () => {
  it.each([
    [`1618677817.0618958 ${line}`, 1618677817061895],
    [`1618677817.08014 ${line}`, 1618677817080140],
    [`1618677817 ${line}`, 1618677817000000],
    [`2016-03-12 00:08:37,352 ${line}`, 1457741317352000],
    [line, undefined],
  ])("reads the stamp of %s as text, in UTC", async (text, receivedAt) => {
    const { frames } = await framesOf(recording(`${text}\n`));
    expect(frames).toEqual([{ text: line, number: 1, receivedAt }]);
  });

  it("takes a line whose stamp no long can hold as one without", async () => {
    const { frames } = await framesOf(recording(`${line}\n0001-01-01 00:00:00,000 ${line}\n99999999999 ${line}\n`));
    expect(frames.map(({ receivedAt }) => receivedAt)).toEqual([undefined, undefined, undefined]);
  });

  it("may start with a byte order mark", async () => {
    const { frames } = await framesOf(recording(`\ufeff${line}\n`));
    expect(frames.map(({ text }) => text)).toEqual([line]);
  });

  it("numbers frames by their line and passes over empty ones; the last needs no end", async () => {
    const { frames } = await framesOf(recording(`${line}\r\n\n${line}`));
    expect(frames.map(({ text, number }) => [text, number])).toEqual([
      [line, 1],
      [line, 3],
    ]);
  });

  it("is the same session gzipped or not, and another with other lines", async () => {
    const text = `${line}\n${line}\n`;
    const [plain, gzipped, other] = await Promise.all([
      framesOf(recording(text)),
      framesOf(recording(gzipSync(text), "frames.bin")),
      framesOf(recording(`${text}${line}\n`)),
    ]);
    expect(gzipped).toEqual(plain);
    expect(other.id).not.toBe(plain.id);
    expect(plain.id).toMatch(/^[0-9a-z]{10}$/);
  });

  it("has the checksums of another as far as its lines are the same, and no further", async () => {
    const lines = Array.from({ length: 9 }, (_, i) => `${1_600_000_000 + i} ${line}`);
    const checksums = async (changed: readonly string[]) =>
      (await framesOf(recording(`${changed.join("\n")}\n`))).checksums;
    const whole = await checksums(lines);
    expect(await checksums(lines.slice(0, 5))).toEqual(whole.slice(0, 5));
    for (const other of [
      lines.with(5, `1600000006 ${line}`),
      lines.with(5, `${lines[5]} `),
      lines.toSpliced(5, 0, ""),
      lines.toSpliced(5, 1),
      lines.toSpliced(5, 2, lines[5]! + lines[6]!),
    ]) {
      const given = await checksums(other);
      expect(given.findIndex((checksum, i) => checksum !== whole[i])).toBe(5);
      // What follows a difference is never the same again.
      expect(given.slice(5).filter((checksum, i) => checksum === whole[5 + i])).toEqual([]);
    }
  });

  it("of two gzipped parts one behind the other has the frames of both", async () => {
    const part = gzipSync(`${line}\n${line}\n`);
    expect((await framesOf(recording(Buffer.concat([part, part]), "both.gz"))).frames).toHaveLength(4);
  });

  it("may be used as one of another session", async () => {
    const source = (await openRecording(recording(`${line}\n`))).as("other");
    for await (const batch of source.batches(new AbortController().signal)) expect(batch.session.id).toBe("other");
    expect(source.id).toBe("other");
  });

  it("without stamps starts at the first time that follows; without any time at 1970", async () => {
    const timeless = JSON.stringify({ ...ticker, time: undefined });
    expect((await framesOf(recording(`${timeless}\n${line}\n`))).startsAt).toBe(1788335050104422);
    expect((await framesOf(recording(`${timeless}\n`))).startsAt).toBe(0);
  });

  it("keeps the bytes of a line that is not UTF-8", async () => {
    const odd = Buffer.concat([Buffer.from(`${line}\n{"a":"`), Buffer.from([0xff]), Buffer.from('"}\n')]);
    const source = await openRecording(recording(odd));
    for await (const batch of source.batches(new AbortController().signal)) {
      expect(batch.frames[1]!.bytes).toEqual(
        Buffer.concat([Buffer.from('{"a":"'), Buffer.from([0xff]), Buffer.from('"}')]),
      );
    }
  });
});

describe("a recording that is cut off", () => {
  it("is read to the last whole line of its gzip, wherever that was cut, and says so", async () => {
    const lines = Array.from({ length: 300 }, (_, i) =>
      JSON.stringify({ ...match, sequence: i, maker_order_id: createHash("sha256").update(`${i}`).digest("hex") }),
    );
    const whole = gzipSync(`${lines.join("\n")}\n`);
    const ends = new Set<number>();
    for (let size = 600; size < whole.length; size += 1371) {
      const cut = whole.subarray(0, size);
      // What gzip's own tool makes of it.
      const text = spawnSync("gzip", ["-dc"], { input: cut }).stdout.toString();
      const complete = text.split("\n").slice(0, -1);
      const given = await framesOf(recording(cut, "cut.gz"));
      expect(given.frames.map((frame) => frame.text)).toEqual(complete);
      expect(given.cut).toMatch(/cut\.gz is cut off: it is read to its last whole line, line \d+(; the \d+ bytes|$)/);
      expect(/line (\d+)/.exec(given.cut!)![1]).toBe(String(complete.length));
      ends.add(complete.length);
    }
    expect(ends.size).toBeGreaterThan(5);
  });

  it("has all its lines when only the end of its gzip is missing", async () => {
    const whole = gzipSync(`${line}\n${line}\n`);
    const { frames, cut } = await framesOf(recording(whole.subarray(0, -3), "cut.gz"));
    expect([frames.length, cut]).toEqual([2, expect.stringMatching(/read to its last whole line, line 2$/)]);
  });

  it("leaves out the beginning of a line at its end, and takes it when it is whole", async () => {
    const path = recording(`${line}\n${line.slice(0, -20)}`);
    const first = await framesOf(path);
    expect(first.frames.map(({ text }) => text)).toEqual([line]);
    expect(first.cut).toBe(
      `${path} is cut off: it is read to its last whole line, line 1; the ${line.length - 20} bytes after it are not a whole line and are left out`,
    );
    appendFileSync(path, `${line.slice(-20)}\n${line}\n`);
    const then = await framesOf(path);
    expect(then.cut).toBeUndefined();
    expect(then.frames).toHaveLength(3);
    expect(then.checksums[0]).toBe(first.checksums[0]);
  });
});

describe("a file that is no recording", () => {
  it.each([
    ["empty", "", /frames.txt is empty: a recording has one frame/],
    ["of another kind", "time,price\n1,2\n", /frames.txt is not a recording: none of its first lines is a message/],
    ["a picture", Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 1, 2]), /is not a recording/],
    [
      "a torn gzip",
      gzipSync(`${line}\n`.repeat(1000)).subarray(0, 20),
      /frames.txt is cut off before the end of its first line/,
    ],
    [
      "a damaged gzip",
      damaged(gzipSync(`${line}\n`.repeat(1000))),
      /cannot read .*frames.txt: .*Name a recording that/,
    ],
    ["the torn gzip of another kind", gzipSync("time,price\n".repeat(100_000)).subarray(0, -9), /is not a recording/],
  ])("is refused when it is %s", async (_, content, message) => {
    await expect(openRecording(recording(content))).rejects.toThrow(message);
  });

  it("is refused when it is not there, or a folder", async () => {
    await expect(openRecording(join(newFolder(), "none"))).rejects.toThrow(/cannot read .*no such file/);
    await expect(openRecording(newFolder())).rejects.toThrow(/is not a file/);
  });
});
