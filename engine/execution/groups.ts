/**
 * The state of an aggregation over one partition: the aggregates of each window and key. A tumbling window starts at a
 * multiple of its size; it takes records until the time of the partition (the largest timestamp so far) reaches its end
 * plus the grace, then it is closed and forgotten.
 */
import type { Value } from "../language/types.ts";
import type { Aggregation } from "../analysis/plan.ts";

/** A key, and its open windows by their start. */
interface Key {
  /** Its bytes, without a window's start. */
  readonly bytes: Buffer;
  readonly value: Value;
  readonly windows: Map<number, Group>;
}

export interface Group {
  readonly key: Key;
  readonly windowStart: number;
  readonly states: unknown[];
  /** The largest timestamp of its records. */
  timestamp: number;
  /** Changed since its last row was written. */
  changed: boolean;
}

const noWindow = 0;

/** The open windows of an aggregation over one partition. */
export class Groups {
  readonly #aggregation: Aggregation;
  /** The arguments of each aggregate, filled for each record. */
  readonly #args: Value[][];
  readonly #next: unknown[] = [];
  readonly #keys = new Map<string, Key>();
  /** The largest timestamp of the records that were added. */
  #time = Number.NEGATIVE_INFINITY;
  #groups = 0;
  #sweepAt = 10_000;
  #changed: Group[] = [];

  constructor(aggregation: Aggregation) {
    this.#aggregation = aggregation;
    this.#args = aggregation.calls.map(({ args }) => args.map(() => null));
  }

  /** How many groups have changed since their last row. */
  get changed(): number {
    return this.#changed.length;
  }

  /** Takes a record's arguments; false if it is late. The caller may use the key's bytes and the list again. */
  add(timestamp: number, key: Buffer, value: Value, args: readonly Value[]): boolean {
    const { window, calls } = this.#aggregation;
    this.#time = Math.max(this.#time, timestamp);
    const start = window === undefined ? noWindow : timestamp - (timestamp % window.size);
    if (this.#isClosed(start)) return false;
    const group = this.#group(start, key, value);
    const { states } = group;
    // An aggregate that fails leaves the others as they were: the group may still be written, without this record.
    for (let i = 0; i < calls.length; i++) {
      const { aggregate, args: places } = calls[i]!;
      const own = this.#args[i]!;
      for (let k = 0; k < places.length; k++) own[k] = args[places[k]!]!;
      this.#next[i] = aggregate.add(states[i], own);
    }
    for (let i = 0; i < calls.length; i++) states[i] = this.#next[i];
    group.timestamp = Math.max(group.timestamp, timestamp);
    if (!group.changed) {
      group.changed = true;
      this.#changed.push(group);
    }
    return true;
  }

  /** The groups that have changed, in the order of their first change; they count as written then. */
  takeChanged(): Group[] {
    const changed = this.#changed;
    this.#changed = [];
    for (const group of changed) group.changed = false;
    return changed;
  }

  #isClosed(start: number): boolean {
    const { window } = this.#aggregation;
    return window !== undefined && start + window.size + window.grace <= this.#time;
  }

  #group(windowStart: number, bytes: Buffer, value: Value): Group {
    const name = bytes.toString("latin1");
    let key = this.#keys.get(name);
    if (key === undefined) {
      key = { bytes: Buffer.from(bytes), value, windows: new Map<number, Group>() };
      this.#keys.set(name, key);
    }
    let group = key.windows.get(windowStart);
    if (group === undefined) {
      const states = this.#aggregation.calls.map(({ aggregate }) => aggregate.initial);
      group = { key, windowStart, states, timestamp: Number.NEGATIVE_INFINITY, changed: false };
      key.windows.set(windowStart, group);
      if (++this.#groups >= this.#sweepAt) this.#sweep();
    }
    return group;
  }

  /** Forgets the closed windows. It waits until there are twice as many windows as after the last time, so that it costs little. */
  #sweep(): void {
    for (const [name, { windows }] of this.#keys) {
      for (const start of windows.keys()) if (this.#isClosed(start) && windows.delete(start)) this.#groups--;
      if (windows.size === 0) this.#keys.delete(name);
    }
    this.#sweepAt = Math.max(10_000, this.#groups * 2);
  }
}
