/**
 * What a live feed has brought of each product, without holes or with: contiguous `sequence` on the full channel,
 * contiguous `trade_id` on matches, where other events are not sent. Nothing is published twice, and what is missing is
 * told the moment it shows.
 */
/** What did not come, by the exchange's numbers, both included. */
export interface Gap {
  readonly product: string;
  readonly numbers: "sequence" | "trade_id";
  readonly from: number;
  readonly to: number;
}

type Missed = (from: number, to: number) => void;

/** So many old numbers one after the other, and no new one between them, are a count that has begun anew. */
const restartedAfter = 100;

/** What comes late may fill one of so many latest holes. */
const mostHoles = 1000;

/** Numbers that should come one after the other. */
class Line {
  #holes: { from: number; to: number }[] = [];
  #last: number | undefined;
  /** What the heartbeat before said to be the last. */
  #told: number | undefined;
  /** The last of the numbers that came again, one after the other, and how many. */
  #again = 0;
  #agains = 0;

  /** What a number is: new (the next, or behind a hole), late (out of a hole), come again, or of a new count. */
  take(number: number, missed: Missed): "new" | "late" | "again" | "restarted" {
    if (this.#last !== undefined && number <= this.#last) {
      if (this.#fill(number)) return "late";
      this.#agains = number === this.#again + 1 ? this.#agains + 1 : 1;
      this.#again = number;
      if (this.#agains < restartedAfter) return "again";
      this.#holes = [];
      this.#told = undefined;
      this.#last = number;
      return "restarted";
    }
    this.#agains = 0;
    if (this.#last !== undefined && number > this.#last + 1) this.reach(number - 1, missed);
    this.#last = number;
    return "new";
  }

  /** A heartbeat tells the last number: what the one before told must have come by now. */
  hear(number: number, missed: Missed): void {
    if (this.#last !== undefined && this.#told !== undefined) this.reach(this.#told, missed);
    this.#told = number;
  }

  /** The numbers up to this one have been given out: what has not come of them is missing. */
  reach(number: number, missed: Missed): void {
    if (this.#last !== undefined && number > this.#last) {
      const hole = { from: this.#last + 1, to: number };
      this.#holes.push(hole);
      if (this.#holes.length > mostHoles) this.#holes.shift();
      missed(hole.from, hole.to);
    }
    this.#last = Math.max(this.#last ?? number, number);
  }

  /** Takes a number out of the hole it is in; false if it is in none. */
  #fill(number: number): boolean {
    const at = this.#holes.findIndex(({ from, to }) => from <= number && number <= to);
    if (at === -1) return false;
    const { from, to } = this.#holes[at]!;
    const rest = [
      { from, to: number - 1 },
      { from: number + 1, to },
    ];
    this.#holes.splice(at, 1, ...rest.filter((hole) => hole.from <= hole.to));
    return true;
  }
}

export class Continuity {
  /** Events (without the full channel: trades) that were missing when it showed, and those of them that came late. */
  missed = 0;
  late = 0;
  /** Events that came again and were left out. */
  repeated = 0;
  readonly #lines = new Map<string, Line>();
  readonly #full: boolean;
  readonly #report: (gap: Gap) => void;
  readonly #restarted: (product: string, at: number) => void;

  /** `full` says that the feed has every event, so that sequences are contiguous; else only trades are. */
  constructor(full: boolean, report: (gap: Gap) => void, restarted: (product: string, at: number) => void = () => {}) {
    this.#full = full;
    this.#report = report;
    this.#restarted = restarted;
  }

  /** Whether an event (of `coinbase_full`) is to be published: false for one that has been. */
  accept(type: string, product: string, sequence: number | null, trade: number | null): boolean {
    const number = this.#full ? sequence : trade;
    // `activate` has no number.
    if (number === null) return true;
    const line = this.#line(product);
    const missed = this.#misses(product);
    if (type === "last_match") {
      // It repeats a trade, but is none: where that has not come, it is missing.
      if (!this.#full) line.reach(number, missed);
      return true;
    }
    const verdict = line.take(number, missed);
    if (verdict === "late") this.late++;
    if (verdict === "again") this.repeated++;
    if (verdict === "restarted") this.#restarted(product, number);
    return verdict !== "again";
  }

  /** Compares a heartbeat with what has come: so the end of a silent product's tape is known, too. */
  hear({ product_id: product, sequence, last_trade_id: trade }: Readonly<Record<string, unknown>>): void {
    const number = this.#full ? sequence : trade;
    if (typeof product === "string" && typeof number === "number")
      this.#line(product).hear(number, this.#misses(product));
  }

  #line(product: string): Line {
    let line = this.#lines.get(product);
    if (line === undefined) this.#lines.set(product, (line = new Line()));
    return line;
  }

  #misses(product: string): Missed {
    const numbers = this.#full ? "sequence" : "trade_id";
    return (from, to) => this.#miss({ product, numbers, from, to });
  }

  #miss(gap: Gap): void {
    this.missed += gap.to - gap.from + 1;
    this.#report(gap);
  }
}
