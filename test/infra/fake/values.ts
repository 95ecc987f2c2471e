/** Values as Terraform and a provider exchange them: JSON's, and one that is not known before something is made. */
import { decode, encode, ExtensionCodec } from "@msgpack/msgpack";

class Unknown {
  readonly isUnknown = true;
}

/** Known after apply. */
export const unknown = new Unknown();

export type Value = null | boolean | number | string | Unknown | readonly Value[] | Attributes;

/** An object's attributes and blocks, by the provider's names. */
export interface Attributes {
  readonly [name: string]: Value;
}

const extensionCodec = new ExtensionCodec();
extensionCodec.register({
  type: 0,
  encode: (value) => (value instanceof Unknown ? new Uint8Array([0]) : null),
  decode: () => unknown,
});
// Of an unknown value Terraform may say more, such as that it is not null.
extensionCodec.register({ type: 12, encode: () => null, decode: () => unknown });

export interface DynamicValue {
  readonly msgpack: Uint8Array;
}

export function toDynamic(value: Value): DynamicValue {
  return { msgpack: encode(value, { extensionCodec }) };
}

export function fromDynamic(dynamic: DynamicValue | null): Attributes | null {
  return dynamic === null || dynamic.msgpack.length === 0
    ? null
    : (decode(dynamic.msgpack, { extensionCodec }) as Attributes | null);
}

export function isAttributes(value: Value | undefined): value is Attributes {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Unknown);
}

/** The objects of a block. */
export function items(value: Value | undefined): readonly Attributes[] {
  return Array.isArray(value) ? (value as readonly Attributes[]) : isAttributes(value) ? [value] : [];
}

/** All values at a path such as `kafka_cluster.id`, through blocks and maps. */
export function allAt(from: Value | undefined, path: string): readonly Value[] {
  const [name, ...rest] = path.split(".");
  return items(from).flatMap((item) => {
    if (item instanceof Unknown) return [unknown];
    const value = item[name!] ?? null;
    return rest.length === 0 || value instanceof Unknown ? [value] : allAt(value, rest.join("."));
  });
}

/** A text or a number as text, "" for anything else. */
export function textOf(value: Value): string {
  return typeof value === "string" || typeof value === "number" ? String(value) : "";
}

/** The first of them. */
export function at(from: Value | undefined, path: string): Value {
  return allAt(from, path)[0] ?? null;
}

/** It as text. */
export function textAt(from: Value | undefined, path: string): string {
  return textOf(at(from, path));
}

/** A pattern such as `projects/{project}/datasets/{dataset_id}` with what the object says. */
export function fill(pattern: string, object: Attributes): string {
  return pattern.replace(/\{([\w.]+)\}/g, (_, path: string) => textAt(object, path));
}

/** A text that is the same for what is the same, whatever the order of names. */
export function canonical(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) =>
    typeof part === "object" && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}

/** Providers do not tell nothing from an empty text, list or map. */
function isEmpty(value: Value): boolean {
  if (value === null || value === "") return true;
  return typeof value === "object" && !(value instanceof Unknown) && Object.keys(value).length === 0;
}

export function isSame(a: Value, b: Value): boolean {
  return (isEmpty(a) && isEmpty(b)) || canonical(a) === canonical(b);
}
