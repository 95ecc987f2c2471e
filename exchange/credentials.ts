/**
 * The account that may subscribe to what needs a signature, and the check of a signature.
 * https://docs.cdp.coinbase.com/exchange/websocket-feed/authentication
 */
import { createHmac } from "node:crypto";
import type { ErrorMessage, Signature } from "./protocol.ts";

export interface Credentials {
  readonly key: string;
  readonly passphrase: string;
  /** Base64; the decoded bytes are the key of the signature. */
  readonly secret: string;
}

/** The simulated exchange's only account: fixed and public, so that any client can sign. It protects nothing. */
export const publicCredentials: Credentials = {
  key: "5ea5c0ffee5ea5c0ffee5ea5c0ffee00",
  passphrase: "simulated",
  secret: "VGhlIHNpbXVsYXRlZCBleGNoYW5nZSBrZWVwcyBubyBzZWNyZXRzLCBhbmQgdGhpcyBvbmUgaXMgcHVibGljLg==",
};

/** The frame that refuses a signature, or undefined if it is valid. `now` and `window` in seconds. */
export function refuseSignature(
  { key, passphrase, timestamp, signature }: Signature,
  account: Credentials,
  now: number,
  window: number,
): ErrorMessage | undefined {
  // The feed's answer to a wrong key or passphrase is not documented: these are the words of REST.
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
