/** Texts for bytes that come again and again, as the products of frames: each text is made once. */
import { isAt } from "./bytes.ts";

const buckets = 1024;
/** Somebody who sends ever new names must not fill memory. */
const mostInBucket = 16;

export class Names {
  readonly #known: { readonly bytes: Buffer; readonly text: string }[][] = Array.from({ length: buckets }, () => []);

  /** The text of the ASCII bytes from `start` to `end`. */
  of(frame: Buffer, start: number, end: number): string {
    let sum = 0;
    for (let at = start; at < end; at++) sum = (sum * 31 + frame[at]!) & (buckets - 1);
    const bucket = this.#known[sum]!;
    for (const { bytes, text } of bucket) if (isAt(bytes, frame, start, end)) return text;
    const text = frame.toString("latin1", start, end);
    if (bucket.length < mostInBucket) bucket.push({ bytes: Buffer.from(text), text });
    return text;
  }
}
