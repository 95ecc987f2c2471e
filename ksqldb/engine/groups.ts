/**
 * The state of an aggregation over one partition: per window and key the aggregates. A tumbling window starts at a
 * multiple of its size; it takes records until the time of the partition (the largest timestamp so far) reaches its end
 * plus the grace, then it is closed and forgotten.
 */
import type { Value } from "../language/types.ts";
import type { Aggregation } from "../analysis/plan.ts";

export interface Group {
  readonly windowStart: number;
  /** The key's bytes, without the window's start. */
  readonly key: Buffer;
  /** Values of the grouping expressions. */
  readonly values: readonly Value[];
  readonly states: unknown[];
  /** The largest timestamp of its records. */
  timestamp: number;
  /** Changed since its last row was written. */
  changed: boolean;
  /** Its last row passed HAVING. */
  passed: boolean;
}

const noWindow = 0;

export class Groups {
  readonly #aggregation: Aggregation;
  /** Of each aggregate its arguments, filled anew for each record. */
  readonly #args: Value[][];
  readonly #windows = new Map<number, Map<string, Group>>();
  /** The largest timestamp of the records that came here. */
  #time = Number.NEGATIVE_INFINITY;
  #sweepAt = 1024;
  #changed: Group[] = [];

  constructor(aggregation: Aggregation) {
    this.#aggregation = aggregation;
    this.#args = aggregation.calls.map(({ args }) => args.map(() => null));
  }

  /** How many groups have changed since their last row. */
  get changed(): number {
    return this.#changed.length;
  }

  /** Takes a record's arguments; undefined where it is late. The caller may use the key's bytes and the lists again. */
  add(timestamp: number, key: Buffer, values: readonly Value[], args: readonly Value[]): Group | undefined {
    const { window, calls } = this.#aggregation;
    this.#time = Math.max(this.#time, timestamp);
    const start = window === undefined ? noWindow : timestamp - (timestamp % window.size);
    if (window !== undefined && start + window.size + window.grace <= this.#time) return undefined;
    const group = this.#group(start, key, values);
    const { states } = group;
    for (let i = 0; i < calls.length; i++) {
      const { aggregate, args: places } = calls[i]!;
      const own = this.#args[i]!;
      for (let k = 0; k < places.length; k++) own[k] = args[places[k]!]!;
      states[i] = aggregate.add(states[i], own);
    }
    group.timestamp = Math.max(group.timestamp, timestamp);
    if (!group.changed) {
      group.changed = true;
      this.#changed.push(group);
    }
    return group;
  }

  /** The groups that have changed, in the order of their first change; they count as written then. */
  takeChanged(): Group[] {
    const changed = this.#changed;
    this.#changed = [];
    for (const group of changed) group.changed = false;
    return changed;
  }

  #group(start: number, key: Buffer, values: readonly Value[]): Group {
    let window = this.#windows.get(start);
    if (window === undefined) {
      if (this.#windows.size >= this.#sweepAt) this.#sweep();
      this.#windows.set(start, (window = new Map<string, Group>()));
    }
    const name = key.toString("latin1");
    let group = window.get(name);
    if (group === undefined) {
      group = {
        windowStart: start,
        key: Buffer.from(key),
        values: values.slice(),
        states: this.#aggregation.calls.map(({ aggregate }) => aggregate.initial),
        timestamp: Number.NEGATIVE_INFINITY,
        changed: false,
        passed: false,
      };
      window.set(name, group);
    }
    return group;
  }

  /** Forgets the closed windows; not before there are twice as many as the last time, so that it costs little. */
  #sweep(): void {
    const { size, grace } = this.#aggregation.window!;
    for (const start of this.#windows.keys()) if (start + size + grace <= this.#time) this.#windows.delete(start);
    this.#sweepAt = Math.max(1024, this.#windows.size * 2);
  }
}
