/** What to stream from the exchange, and with which rights: from the environment. */
import type { Environment } from "../../program/environment.ts";
import { choice, secretText, whole } from "../../program/forms.ts";
import { productVariables } from "../../schemas/products.ts";
import type { OwnFields } from "./decode/decode.ts";
import type { Credentials } from "./signature.ts";

export interface CoinbaseConfig {
  readonly credentials: Credentials | undefined;
  /** Ids, patterns or all (products.ts). */
  readonly products: string;
  readonly productsPerSocket: number;
  readonly ownFields: OwnFields;
}

const keys = {
  COINBASE_KEY: { form: secretText, doc: "An Exchange API key (not a CDP key) with the right to view." },
  COINBASE_SECRET: { form: secretText, doc: "The key's secret, base64." },
  COINBASE_PASSPHRASE: { form: secretText, doc: "The key's passphrase." },
} as const;

const ownFields = {
  COINBASE_OWN_FIELDS: {
    form: choice("drop", "keep"),
    default: "drop",
    doc: "What the exchange sends of your own orders only (your ids, fee rates, client_oid): drop, or keep, for all who read the data.",
  },
} as const;

export const coinbaseVariables = {
  ...keys,
  ...productVariables,
  COINBASE_PRODUCTS_PER_SOCKET: { form: whole(1, 1000), default: "20", doc: "Products that share a connection." },
  ...ownFields,
} as const;

/** What becomes of the members of the account's own orders, in a recording too; a fault goes into `environment`. */
export function readOwnFields(environment: Environment): OwnFields {
  return environment.read(ownFields).COINBASE_OWN_FIELDS;
}

/** Faults go into `environment`; the result is usable if it has none. */
export function readCoinbaseConfig(environment: Environment): CoinbaseConfig {
  const values = environment.read(coinbaseVariables);
  const { COINBASE_KEY: key, COINBASE_SECRET: secret, COINBASE_PASSPHRASE: passphrase } = values;
  const names = Object.keys(keys);
  const missing = names.filter((name) => environment.text(name) === undefined);
  if (missing.length > 0 && missing.length < names.length)
    environment.fault(`${missing.join(" and ")} not set: key, secret and passphrase go together`);
  // Base64 of 64 bytes, as the exchange shows it. A PEM key belongs to another of Coinbase's interfaces.
  if (secret !== undefined && Buffer.from(secret, "base64").toString("base64") !== secret)
    environment.fault("COINBASE_SECRET is not base64: use the secret of an Exchange API key, as it was shown once");
  return {
    credentials: key && secret && passphrase ? { key, secret, passphrase } : undefined,
    products: values.COINBASE_PRODUCTS,
    productsPerSocket: values.COINBASE_PRODUCTS_PER_SOCKET,
    ownFields: values.COINBASE_OWN_FIELDS,
  };
}
