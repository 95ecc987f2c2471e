/** Reads the members of a case. */
import { type Json, jsonText } from "../../ksqldb/testing/json-text.ts";
import type { Members } from "../../ksqldb/testing/records.ts";

/** A member that is a list; an empty one if it is not. */
export function listOf(members: Members, name: string): readonly Json[] {
  const value = members.get(name);
  return Array.isArray(value) ? (value as readonly Json[]) : [];
}

/** A member's text; an empty one if there is none. */
export function textOf(members: Members, name: string): string {
  const value = members.get(name) ?? "";
  return typeof value === "string" ? value : jsonText(value);
}
