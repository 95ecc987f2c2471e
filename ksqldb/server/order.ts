/** These and all that `before` leads to from them, each behind what `before` gives of it. */
export function inOrder<T>(all: Iterable<T>, before: (one: T) => readonly T[]): T[] {
  const seen = new Set<T>();
  const ordered: T[] = [];
  const place = (one: T): void => {
    if (seen.has(one)) return;
    seen.add(one);
    before(one).forEach(place);
    ordered.push(one);
  };
  for (const one of all) place(one);
  return ordered;
}
