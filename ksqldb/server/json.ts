/** What a server answers, taken for what it should be: nothing where it is something else. */
export type Json = Readonly<Record<string, unknown>>;

/** An object or a list of a text; undefined where it is none. */
export function parseJson(json: string): Json | undefined {
  try {
    const value: unknown = JSON.parse(json);
    return typeof value === "object" && value !== null ? (value as Json) : undefined;
  } catch {
    return undefined;
  }
}

export const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);
export const objects = (value: unknown): Json[] =>
  list(value).filter((item): item is Json => typeof item === "object" && item !== null);
export const text = (value: unknown): string =>
  typeof value === "string" || typeof value === "number" ? String(value) : "";
/** A name without the quotes that some versions put around it. */
export const plain = (name: unknown): string => text(name).replace(/^`(.*)`$/, "$1");
