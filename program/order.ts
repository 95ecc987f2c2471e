/**
 * These and all that `before` leads to from them, each behind what `before` gives of it. `onCircle` is given what stands
 * before itself, by way of the others in the list, and throws; without it the circle is cut there.
 */
export function inOrder<T>(
  all: Iterable<T>,
  before: (one: T) => readonly T[],
  onCircle?: (circle: readonly T[]) => never,
): T[] {
  const ordered = new Set<T>();
  const place = (one: T, path: readonly T[]): void => {
    if (ordered.has(one)) return;
    const start = path.indexOf(one);
    if (start >= 0) {
      onCircle?.(path.slice(start));
      return;
    }
    for (const other of before(one)) place(other, [...path, one]);
    ordered.add(one);
  };
  for (const one of all) place(one, []);
  return [...ordered];
}
