import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { openRecording } from "../../producer/recording.ts";
import { newFolder } from "../folder.ts";
import { match, ticker } from "./decode/frames.ts";

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
    frames: frames.map(({ bytes, number, receivedAt }) => ({ text: bytes.toString(), number, receivedAt })),
  };
}

const line = JSON.stringify(match);

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

describe("a file that is no recording", () => {
  it.each([
    ["empty", "", /frames.txt is empty: a recording has one frame/],
    ["of another kind", "time,price\n1,2\n", /frames.txt is not a recording: none of its first lines is a message/],
    ["a picture", Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 1, 2]), /is not a recording/],
    ["a torn gzip", gzipSync(`${line}\n`.repeat(1000)).subarray(0, 60), /can not read .*unexpected end of file/],
  ])("is refused when it is %s", async (_, content, message) => {
    await expect(openRecording(recording(content))).rejects.toThrow(message);
  });

  it("is refused when it is not there, or a folder", async () => {
    await expect(openRecording(join(newFolder(), "none"))).rejects.toThrow(/can not read .*no such file/);
    await expect(openRecording(newFolder())).rejects.toThrow(/is not a file/);
  });
});
