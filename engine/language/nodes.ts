/** The nodes in a part of a statement. */
import type { Expression, Item, Query, TypeName } from "./ast.ts";

export type Node = Expression | Item | TypeName;

/** Every node of the syntax in a part of a statement, the outer before the inner. */
export function nodesIn(part: unknown): Node[] {
  if (typeof part !== "object" || part === null) return [];
  const inner = Object.values(part).flatMap(nodesIn);
  return "kind" in part ? [part as Node, ...inner] : inner;
}

/** The names that may stand before a column of a query's only source: its own and its alias. */
export function qualifiersOf({ from }: Query): string[] {
  return [from.name.name, from.alias?.name ?? from.name.name];
}
