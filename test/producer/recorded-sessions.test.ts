import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { RecordedSessions } from "../../producer/recorded-sessions.ts";
import { openRecording } from "../../producer/coinbase/recording.ts";
import { newFolder } from "../folder.ts";
import { match } from "./coinbase/decode/frames.ts";

/** A recording of so many frames of one tape, then of so many of another. */
async function recording(frames: number, others = 0) {
  const line = (sequence: number) => `${JSON.stringify({ ...match, sequence })}\n`;
  const path = join(newFolder(), "frames.txt");
  const text = [
    ...Array.from({ length: frames }, (_, i) => line(i)),
    ...Array.from({ length: others }, (_, i) => line(1e6 + i)),
  ];
  writeFileSync(path, text.join(""));
  return openRecording(path);
}

/** What a directory says of recordings; `stored` has the last stored frame of each session. */
function open() {
  const dir = newFolder();
  const stored = new Map<string, number>();
  const sessions = () => new RecordedSessions(dir, (session) => stored.get(session) ?? 0);
  return {
    dir,
    stored,
    /** Gives a recording its place, and stores it up to a frame, by default to its last. */
    place: async (frames: number, others = 0, upTo = frames + others) => {
      const place = sessions().place(await recording(frames, others));
      stored.set(place.session, Math.max(stored.get(place.session) ?? 0, upTo));
      return place;
    },
  };
}

it("a recording is the same again, also when it has grown, however often", async () => {
  const { place, dir } = open();
  const { session, shared } = await place(100);
  expect(shared).toBe(0);
  expect(await place(100)).toEqual({ session, shared: 100 });
  expect(await place(250)).toEqual({ session, shared: 100 });
  expect(await place(251)).toEqual({ session, shared: 250 });
  expect(readdirSync(dir)).toEqual([session]);
});

it("the beginning of a recording is a part of it, and the whole is known as before", async () => {
  const { place } = open();
  const { session } = await place(100);
  for (const frames of [1, 63, 99]) expect(await place(frames)).toEqual({ session, shared: frames });
  expect(await place(110)).toEqual({ session, shared: 100 });
});

it("a recording that differs from what is stored is another one, and both are known from then on", async () => {
  const { place } = open();
  const first = await place(100, 20);
  const second = await place(100, 0, 100);
  expect(second).toEqual({ session: first.session, shared: 100 });
  const other = await place(101);
  expect([other.shared, other.session === first.session]).toEqual([0, false]);
  expect(await place(100, 20)).toEqual({ session: first.session, shared: 120 });
  expect(await place(150)).toEqual({ session: other.session, shared: 101 });
  expect((await place(0, 20)).shared).toBe(0);
});

it("one that was stopped may be continued with other lines than it had, from there on", async () => {
  const { place } = open();
  const { session } = await place(100, 0, 40);
  expect(await place(50, 7)).toEqual({ session, shared: 50 });
  // What it had first is another recording now.
  expect(await place(100)).toMatchObject({ shared: 0 });
});

it("one that was stopped before anything of it was stored is found again, and gives no name away twice", async () => {
  const { place, stored } = open();
  const { session } = await place(10, 0, 0);
  expect(await place(10, 0, 0)).toEqual({ session, shared: 10 });
  expect(await place(5, 5, 10)).toEqual({ session, shared: 5 });
  // The very recording that the name was made of.
  const other = await place(10);
  expect(other.shared).toBe(0);
  expect(stored.size).toBe(2);
});

it("a damaged file is refused with the cure, and once it is deleted the recording has its name again", async () => {
  const { place, dir } = open();
  const { session } = await place(100);
  const path = join(dir, session);
  const bytes = readFileSync(path);
  // Four bytes a frame, behind a header of twelve.
  expect(statSync(path).size).toBe(412);
  for (const damaged of [
    bytes.with(300, bytes[300]! ^ 1),
    bytes.subarray(0, 200),
    bytes.subarray(0, 201),
    bytes.subarray(0, 5),
    bytes.subarray(0, 0),
  ]) {
    writeFileSync(path, damaged);
    await expect(place(100, 1)).rejects.toThrow(`${path} is damaged: `);
    await expect(place(100)).rejects.toThrow("Delete the file, and start again");
    rmSync(path);
    expect(await place(100)).toEqual({ session, shared: 0 });
  }
});
