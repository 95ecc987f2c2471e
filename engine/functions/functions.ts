/** The scalar functions that are executed here, by their names. */
import { arrays } from "./arrays.ts";
import type { ScalarFunction } from "./function.ts";
import { math } from "./math.ts";
import { nulls } from "./nulls.ts";
import { text } from "./text.ts";
import { time } from "./time.ts";

export const functions: Readonly<Record<string, ScalarFunction>> = { ...text, ...math, ...time, ...nulls, ...arrays };
