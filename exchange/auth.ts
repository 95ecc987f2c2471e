/** Checks the signature of a subscribe. https://docs.cdp.coinbase.com/exchange/websocket-feed/authentication */
import { createHmac } from "node:crypto";
import type { Credentials } from "./credentials.ts";
import type { ErrorMessage, Signature } from "./protocol.ts";

/** The frame that refuses a signature, or undefined where it is right. `now` and `window` in seconds. */
export function refuseSignature(
  { key, passphrase, timestamp, signature }: Signature,
  account: Credentials,
  now: number,
  window: number,
): ErrorMessage | undefined {
  // What the feed says of a wrong key or passphrase is on no record: these are the words of REST.
  if (key !== account.key) return unauthenticated("Unauthorized", "Invalid API Key");
  if (passphrase !== account.passphrase) return unauthenticated("Unauthorized", "Invalid Passphrase");
  if (!(Math.abs(now - Number(timestamp)) <= window)) return expiredTimestamp;
  const hmac = createHmac("sha256", Buffer.from(account.secret, "base64"));
  const expected = hmac.update(`${timestamp}GET/users/self/verify`).digest("base64");
  return signature === expected ? undefined : unauthenticated("Bad Request", "invalid signature");
}

function unauthenticated(status: string, reason: string): ErrorMessage {
  return { type: "error", message: `Sorry, you could not be authenticated: ${status}`, reason };
}

export const expiredTimestamp = unauthenticated("Bad Request", "request timestamp expired");
