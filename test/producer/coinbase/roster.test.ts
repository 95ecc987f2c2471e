import { expect, it } from "vitest";
import { Roster } from "../../../producer/coinbase/roster.ts";

const subscription = { channels: ["full", "level2"], products: ["BTC-USD", "ETH-USD"] };

function newRoster(patience = { firstTry: 1_000, lastTry: 8_000 }) {
  const waits: number[] = [];
  const said: string[] = [];
  const roster = new Roster(subscription, patience, {
    refused: (what, reason, wait, first) => {
      waits.push(wait);
      said.push(`${what}: ${reason}${first ? "" : " (still)"}`);
    },
    accepted: (product) => said.push(`accepts ${product}`),
  });
  const of = (product: string, ...channels: string[]) =>
    roster.pairs.filter(
      (pair) => pair.product === product && (channels.length === 0 || channels.includes(pair.channel)),
    );
  return { roster, waits, said, of };
}

it("waits twice as long after each refusal, the upper half of it at random, and never longer than the longest", () => {
  const { roster, waits, of } = newRoster();
  for (let i = 0; i < 6; i++) roster.refuse(of("ETH-USD"), "no");
  for (const [i, longest] of [1_000, 2_000, 4_000, 8_000, 8_000, 8_000].entries()) {
    expect(waits[i]).toBeGreaterThanOrEqual(longest / 2);
    expect(waits[i]).toBeLessThanOrEqual(longest);
  }
});

it("has a product's turn when its pause is over, and not before", () => {
  const { roster, waits, of } = newRoster();
  const before = performance.now();
  roster.refuse(of("ETH-USD"), "no");
  expect(roster.due(before + waits[0]! - 1)).toBeUndefined();
  expect(roster.due(performance.now() + waits[0]!)).toEqual(of("ETH-USD"));
});

it("names a product by its id where all of it is refused, else with the channel; asks for the rest", () => {
  const { roster, said, of } = newRoster();
  roster.refuse(of("ETH-USD", "level2"), "no book");
  expect(roster.wanted).toEqual([...of("BTC-USD", "full"), ...of("ETH-USD", "full"), ...of("BTC-USD", "level2")]);
  roster.refuse(of("ETH-USD", "full"), "no events");
  roster.refuse(of("BTC-USD"), "no");
  expect(said).toEqual(["level2 of ETH-USD: no book", "full of ETH-USD: no events (still)", "BTC-USD: no"]);
  expect(roster.wanted).toEqual([]);
});

it("accepts a product when nothing of it is refused any more", () => {
  const { roster, said, of } = newRoster();
  roster.refuse(of("ETH-USD"), "no");
  roster.accept(({ channel }) => channel === "full");
  expect(roster.due(Infinity)).toEqual(of("ETH-USD", "level2"));
  roster.accept(() => true);
  expect(roster.refused.size).toBe(0);
  expect(said.at(-1)).toBe("accepts ETH-USD");
});
