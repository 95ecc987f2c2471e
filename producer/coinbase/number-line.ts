/** Numbers of one product that should come one after the other: which are new, which have come, and which are missing. */

/** So many old numbers one after the other, and no new one between them, are a count that has begun again. */
const restartedAfter = 100;

/** What comes late may fill one of so many latest holes. */
const mostHoles = 1000;

/** Numbers that have not come, both included. */
export type Hole = readonly [from: number, to: number];

/** What has come: everything up to `last` but the holes. */
export interface Came {
  readonly last: number;
  readonly holes: readonly Hole[];
}

/** Takes what is missing, both included, and whether an earlier run has brought what comes before it. */
type Missed = (from: number, to: number, betweenRuns: boolean) => void;

export class Line {
  readonly #missed: Missed;
  #holes: Hole[];
  #last: number | undefined;
  /** Nothing has come since an earlier run ended. */
  #resumed: boolean;
  /** What the heartbeat before said to be the last, and the one before that (0: no number yet). */
  #told: number | undefined;
  #toldBefore = 0;
  /** The last of the numbers that came again, one after the other, and how many. */
  #again = 0;
  #agains = 0;

  /** `came` is what an earlier run has brought. */
  constructor(missed: Missed, came?: Came) {
    this.#missed = missed;
    this.#last = came?.last;
    this.#holes = [...(came?.holes ?? [])];
    this.#resumed = came !== undefined;
  }

  /** Undefined before the first number. */
  get came(): Came | undefined {
    return this.#last === undefined ? undefined : { last: this.#last, holes: this.#holes };
  }

  /** What a number is: new (the next, or behind a hole), late (out of a hole), come again, or of a new count. */
  take(number: number): "new" | "late" | "again" | "restarted" {
    if (this.#last !== undefined && number <= this.#last) {
      if (this.#fill(number)) return "late";
      this.#agains = number === this.#again + 1 ? this.#agains + 1 : 1;
      this.#again = number;
      if (this.#agains < restartedAfter) return "again";
      this.restart(number);
      return "restarted";
    }
    this.#agains = 0;
    if (this.#last !== undefined && number > this.#last + 1) this.reach(number - 1);
    this.#last = number;
    this.#resumed = false;
    return "new";
  }

  /** Counts from this number on: those that have come are of another count. */
  restart(number: number): void {
    this.#holes = [];
    this.#told = undefined;
    this.#toldBefore = 0;
    this.#agains = 0;
    this.#last = number;
    this.#resumed = false;
  }

  /** A heartbeat carries the last number: everything up to the number of the one before must have arrived by now. */
  hear(number: number): void {
    if (this.#told !== undefined) {
      // Where nothing has ever come, what was given out between two heartbeats is known to be missing.
      if (this.#toldBefore > 0 && this.#told > this.#toldBefore) this.#last ??= this.#toldBefore;
      if (this.#last !== undefined) this.reach(this.#told);
    }
    this.#toldBefore = this.#told ?? 0;
    this.#told = number;
  }

  /** The numbers up to this one have been given out: what has not come of them is missing. */
  reach(number: number): void {
    if (this.#last !== undefined && number > this.#last) {
      const from = this.#last + 1;
      this.#holes.push([from, number]);
      if (this.#holes.length > mostHoles) this.#holes.shift();
      this.#missed(from, number, this.#resumed);
    }
    this.#last = Math.max(this.#last ?? number, number);
    this.#resumed = false;
  }

  /** Takes a number out of the hole it is in; false if it is in none. */
  #fill(number: number): boolean {
    const at = this.#holes.findIndex(([from, to]) => from <= number && number <= to);
    if (at === -1) return false;
    const [from, to] = this.#holes[at]!;
    const rest: Hole[] = [
      [from, number - 1],
      [number + 1, to],
    ];
    this.#holes.splice(at, 1, ...rest.filter(([first, last]) => first <= last));
    return true;
  }
}
