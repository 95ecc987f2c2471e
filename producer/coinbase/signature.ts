/** What makes a subscription a signed one: https://docs.cdp.coinbase.com/exchange/websocket-feed/authentication */
import { createHmac } from "node:crypto";

export interface Credentials {
  readonly key: string;
  /** Base64, as the exchange shows it. */
  readonly secret: string;
  readonly passphrase: string;
}

export interface Signed {
  readonly signature: string;
  readonly key: string;
  readonly passphrase: string;
  readonly timestamp: string;
}

/** The members to add to a subscription. `seconds` since 1970; the exchange accepts it for 30 s. */
export function sign({ key, secret, passphrase }: Credentials, seconds = Date.now() / 1000): Signed {
  const timestamp = String(seconds);
  const signature = createHmac("sha256", Buffer.from(secret, "base64"))
    .update(`${timestamp}GET/users/self/verify`)
    .digest("base64");
  return { signature, key, passphrase, timestamp };
}
