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

/** What comes late may fill one of so many latest holes. */
const mostHoles = 1000;

/** Numbers that should come one after the other. */
class Line {
  readonly #holes: { from: number; to: number }[] = [];
  #last: number | undefined;

  /** Whether a number is new: the next, behind a hole, or out of one. */
  take(number: number, missed: Missed): boolean {
    if (this.#last !== undefined && number <= this.#last) return this.#fill(number);
    if (this.#last !== undefined && number > this.#last + 1) this.reach(number - 1, missed);
    this.#last = number;
    return true;
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
  /** Events and trades that never came, or not yet. */
  missed = 0;
  /** Events that came again and were left out. */
  repeated = 0;
  readonly #products = new Map<string, { readonly sequences: Line; readonly trades: Line }>();
  readonly #full: boolean;
  readonly #report: (gap: Gap) => void;

  /** `full` says that the feed has every event, so that sequences are contiguous; else only trades are. */
  constructor(full: boolean, report: (gap: Gap) => void) {
    this.#full = full;
    this.#report = report;
  }

  /** Whether an event (of `coinbase_full`) is to be published: false for one that has been. */
  accept(type: string, product: string, sequence: number | null, trade: number | null): boolean {
    let lines = this.#products.get(product);
    if (lines === undefined) this.#products.set(product, (lines = { sequences: new Line(), trades: new Line() }));
    const fresh = this.#full
      ? this.#acceptEvent(lines.sequences, product, type, sequence)
      : this.#acceptTrade(lines.trades, product, type, trade);
    if (!fresh) this.repeated++;
    return fresh;
  }

  #acceptEvent(line: Line, product: string, type: string, sequence: number | null): boolean {
    // `activate` has no number, and `last_match` one of the past.
    if (sequence === null || type === "last_match") return true;
    return line.take(sequence, (from, to) => this.#miss({ product, numbers: "sequence", from, to }));
  }

  #acceptTrade(line: Line, product: string, type: string, trade: number | null): boolean {
    if (trade === null) return true;
    const miss = (from: number, to: number) => this.#miss({ product, numbers: "trade_id", from, to });
    if (type !== "last_match") return line.take(trade, miss);
    // It repeats a trade, but is none: where that has not come, it is missing.
    line.reach(trade, miss);
    return true;
  }

  #miss(gap: Gap): void {
    this.missed += gap.to - gap.from + 1;
    this.#report(gap);
  }
}
