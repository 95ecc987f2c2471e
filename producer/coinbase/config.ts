/** What to stream from the exchange, and with which rights: from the environment. */
import type { Environment } from "../../program/environment.ts";
import type { OwnFields } from "./decode/decode.ts";
import type { Credentials } from "./signature.ts";

export interface CoinbaseConfig {
  readonly credentials: Credentials | undefined;
  /** Ids, patterns or all (products.ts). */
  readonly products: string;
  readonly productsPerSocket: number;
  readonly ownFields: OwnFields;
}

/** What becomes of the members of the account's own orders, in a recording too; a fault goes into `environment`. */
export function readOwnFields(environment: Environment): OwnFields {
  return environment.choice("COINBASE_OWN_FIELDS", ["drop", "keep"]) ?? "drop";
}

/** Faults go into `environment`; the result is usable if it has none. */
export function readCoinbaseConfig(environment: Environment): CoinbaseConfig {
  const names = ["COINBASE_KEY", "COINBASE_SECRET", "COINBASE_PASSPHRASE"] as const;
  const [key, secret, passphrase] = names.map((name) => environment.secret(name));
  const missing = names.filter((name) => environment.text(name) === undefined);
  if (missing.length > 0 && missing.length < names.length)
    environment.fault(`${missing.join(" and ")} not set: key, secret and passphrase go together`);
  // Base64 of 64 bytes, as the exchange shows it. A PEM key belongs to another of Coinbase's interfaces.
  if (secret !== undefined && Buffer.from(secret, "base64").toString("base64") !== secret)
    environment.fault("COINBASE_SECRET is not base64: use the secret of an Exchange API key, as it was shown once");
  const credentials =
    key === undefined || secret === undefined || passphrase === undefined ? undefined : { key, secret, passphrase };
  const products = environment.required("COINBASE_PRODUCTS", "ids or patterns separated by commas, or all");
  const productsPerSocket = environment.whole("COINBASE_PRODUCTS_PER_SOCKET", 1, 1000);
  return { credentials, products, productsPerSocket, ownFields: readOwnFields(environment) };
}
