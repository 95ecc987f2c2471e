/** The record of a frame that could not be read: its bytes up to 64 KiB, its length and its hash. */
import { isUtf8 } from "node:buffer";
import { createHash } from "node:crypto";

const limit = 64 * 1024;

export interface Readable {
  readonly product_id: string | null;
  readonly type: string | null;
}

export function quarantineRecord(
  bytes: Buffer,
  reason: string,
  readable: Readable,
  at: { session: string; frame: number; time: number },
) {
  const text = isUtf8(bytes);
  return {
    time: at.time,
    product_id: readable.product_id,
    session: at.session,
    frame: at.frame,
    type: readable.type,
    reason,
    raw: text ? bytes.toString("utf8", 0, cut(bytes)) : bytes.toString("base64", 0, limit),
    encoding: text ? null : "base64",
    length: bytes.length,
    sha256: createHash("sha256").update(bytes).digest("hex"),
  };
}

/** Where to cut valid UTF-8 without splitting a character. */
function cut(bytes: Buffer): number {
  let end = Math.min(bytes.length, limit);
  while (end < bytes.length && (bytes[end]! & 0xc0) === 0x80) end--;
  return end;
}
