import { expect, it } from "vitest";
import { inOrder } from "../../program/order.ts";

const reads: Readonly<Record<string, readonly string[]>> = {
  a: ["c", "b"],
  b: ["d"],
  c: ["d"],
  d: [],
  x: ["y"],
  y: ["x"],
};
const before = (name: string) => reads[name]!;

it("everything stands once, behind all that it reads, in the order that is given otherwise", () => {
  expect(inOrder(["a", "d", "b"], before)).toEqual(["d", "c", "b", "a"]);
  expect(inOrder(["b", "c"], before)).toEqual(["d", "b", "c"]);
});

it("a circle is cut where it closes, or reported with all that are in it", () => {
  expect(inOrder(["x", "y"], before)).toEqual(["y", "x"]);
  expect(() =>
    inOrder(["x"], before, (circle) => {
      throw new Error(circle.join());
    }),
  ).toThrow("x,y");
});
