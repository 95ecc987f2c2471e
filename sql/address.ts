/**
 * Where the running platform answers, and the token that an asker must show: in a file of the data directory that only its
 * owner can read. A platform that was killed leaves it behind, and its port to anyone; a copied directory brings one of
 * the original's. So neither is believed before the platform has proved that it knows the token and has this directory.
 */
import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { rmSync, statSync } from "node:fs";
import type { IncomingMessage } from "node:http";
import { join } from "node:path";
import { UserError } from "../program/command.ts";
import { readState, writeState } from "../program/state-file.ts";

export interface Address {
  readonly url: string;
  readonly token: string;
  /** Device and number of the warehouse's file. */
  readonly warehouse: string;
}

/** The file is there and cannot be read: whoever asks may still find the warehouse free. */
export class BrokenAddressError extends UserError {}

/** The header with the asker's challenge, and that with the platform's proof. */
const challengeHeader = "x-tapeline-challenge";
export const proofHeader = "x-tapeline";

const addressFile = (dir: string) => join(dir, "address.json");

const cure = "Stop the platform, if one runs there, and start it again: it writes the file.";

/** The address of the platform that runs on a data directory; undefined where none does. Throws BrokenAddressError. */
export async function findPlatform(dir: string): Promise<Address | undefined> {
  const address = readAddress(dir);
  if (address === undefined || address.warehouse !== warehouseOf(dir)) return undefined;
  const challenge = randomBytes(16).toString("hex");
  try {
    const response = await fetch(address.url, {
      headers: { [challengeHeader]: challenge },
      signal: AbortSignal.timeout(2000),
    });
    await response.body?.cancel();
    const shown = Buffer.from(response.headers.get(proofHeader) ?? "");
    const expected = Buffer.from(proof(address.token, challenge));
    return shown.length === expected.length && timingSafeEqual(shown, expected) ? address : undefined;
  } catch {
    return undefined;
  }
}

/** What a platform answers to an asker's challenge: it shows the token to nobody. */
export function proofFor(token: string, { headers }: IncomingMessage): string {
  return proof(token, String(headers[challengeHeader]));
}

function proof(token: string, challenge: string): string {
  return createHmac("sha256", token).update(challenge).digest("hex");
}

/** Tells askers where the platform is. */
export function publishAddress(dir: string, url: string, token: string): void {
  writeState(addressFile(dir), { url, token, warehouse: warehouseOf(dir) }, 0o600);
}

/** Takes back what was published; the address of another platform, in a directory that was made again, stays. */
export function withdrawAddress(dir: string, token: string): void {
  try {
    if (readAddress(dir)?.token === token) rmSync(addressFile(dir), { force: true });
  } catch {
    // Nobody believes an address that stays behind.
  }
}

function readAddress(dir: string): Address | undefined {
  try {
    return readState(addressFile(dir), isAddress, cure);
  } catch (error) {
    throw new BrokenAddressError((error as Error).message, { cause: error });
  }
}

function warehouseOf(dir: string): string | undefined {
  const file = statSync(join(dir, "warehouse.duckdb"), { bigint: true, throwIfNoEntry: false });
  return file && `${file.dev}:${file.ino}`;
}

function isAddress(value: unknown): value is Address {
  const { url, token, warehouse } = value as Partial<Address>;
  return typeof url === "string" && URL.canParse(url) && typeof token === "string" && typeof warehouse === "string";
}
