/**
 * The address of the running platform and the token that a client must present, in a file of the data directory that only its
 * owner can read. A platform that was killed leaves the file behind, and its port to any other program; a copied directory has the
 * file of the original. So the address is trusted only when the platform has proved that it knows the token and has this directory.
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

/** The file exists and cannot be read: the warehouse itself may still be free. */
export class BrokenAddressError extends UserError {}

/** The headers of the client's challenge and of the platform's proof. */
const challengeHeader = "x-tapeline-challenge";
export const proofHeader = "x-tapeline";

const addressFile = (dir: string) => join(dir, "address.json");

const fix = "Stop the platform, if one runs there, and start it again: it writes the file.";

/** The address of the platform that runs on a data directory; undefined if there is none. Throws BrokenAddressError. */
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

/** The platform's answer to a client's challenge, which does not reveal the token. */
export function proofFor(token: string, { headers }: IncomingMessage): string {
  return proof(token, String(headers[challengeHeader]));
}

function proof(token: string, challenge: string): string {
  return createHmac("sha256", token).update(challenge).digest("hex");
}

/** Writes the address for clients. */
export function publishAddress(dir: string, url: string, token: string): void {
  writeState(addressFile(dir), { url, token, warehouse: warehouseOf(dir) }, 0o600);
}

/** Removes the published address, unless it is that of another platform in a directory that was recreated. */
export function withdrawAddress(dir: string, token: string): void {
  try {
    if (readAddress(dir)?.token === token) rmSync(addressFile(dir), { force: true });
  } catch {
    // An address that stays behind is not trusted.
  }
}

function readAddress(dir: string): Address | undefined {
  try {
    return readState(addressFile(dir), isAddress, fix);
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
