/** What a fake ksqlDB has, what it answers, and how it refuses. */
import type { Statement } from "../../engine/language/ast.ts";
import type { Column } from "./text.ts";

export interface Source {
  readonly name: string;
  readonly kind: "stream" | "table";
  readonly topic: string;
  readonly keyFormat: string;
  readonly valueFormat: string;
  readonly columns: readonly Column[];
  readonly statement: string;
  readonly ast: Statement;
  readonly from: string | undefined;
}

export interface Query {
  readonly id: string;
  readonly sql: string;
  readonly from: string;
  readonly sink: string;
  /** As the request had them that made it. */
  readonly properties: Properties;
  state: string;
  errors: { readonly timestamp: number; readonly errorMessage: string }[];
  /** It has not read all that is there. */
  isBehind?: boolean;
  /** It has no partition to read yet. */
  isUnassigned?: boolean;
  hasHiddenProperties?: boolean;
}

export type Properties = Readonly<Record<string, string>>;

export interface State {
  readonly topics: Map<string, { readonly partitions: number; readonly retentionMs: number }>;
  readonly sources: Map<string, Source>;
  readonly queries: Map<string, Query>;
  /** With which guarantee the server runs a query that was given none. */
  readonly guarantee: string;
  /** Topics whose subject is deleted, and not for good. */
  readonly softDeleted: Set<string>;
  /** Ids of queries are numbered by the command's place in its topic. */
  next: number;
}

/** What it answers: an entity, or that a command has been accepted. */
export type Result =
  | { readonly entity: object | undefined }
  | { readonly commandId: string; readonly message: string; readonly queryId: string | null; readonly text: string };

export class StatementRefused extends Error {
  /** 40001 of a bad statement; 40000 and 50000 of faults that ksqlDB did not foresee at their place. */
  readonly code: number;
  /** The statement in the server's words, if it came as far as that. */
  readonly text: string | undefined;
  constructor(message: string, code = 40001, text?: string) {
    super(message);
    this.code = code;
    this.text = text;
  }
}

export function refuse(message: string, code?: number, text?: string): never {
  throw new StatementRefused(message, code, text);
}

export function nameIn(text: string): string {
  const [, quoted, bare] = /^(?:`([^`]+)`|(\w+))/.exec(text.trim()) ?? [];
  return quoted ?? bare?.toUpperCase() ?? "";
}
