import { expect, it } from "vitest";
import { Turns } from "../../sql/turns.ts";

const never = new AbortController().signal;

it("two have a turn at once, the others get theirs in the order of their coming, and who leaves is passed over", async () => {
  const turns = new Turns(2);
  const begun: string[] = [];
  const take = async (name: string, signal = never) => {
    const giveBack = await turns.take(signal);
    begun.push(name);
    return giveBack;
  };
  const first = await take("first");
  const second = await take("second");
  const leaving = new AbortController();
  const waiting = [take("third"), take("leaves", leaving.signal), take("fourth")] as const;
  expect(turns.wanted).toBe(true);
  leaving.abort(new Error("left"));
  await expect(waiting[1]).rejects.toThrow("left");
  expect(begun).toEqual(["first", "second"]);
  second();
  (await waiting[0])();
  (await waiting[2])();
  first();
  expect(begun).toEqual(["first", "second", "third", "fourth"]);
  expect(turns.wanted).toBe(false);
  await Promise.all([take("fifth"), take("sixth")]);
});
