/**
 * What a live feed has brought of each product, without holes or with: contiguous `sequence` on the full channel,
 * contiguous `trade_id` on matches, where other events are not sent. Nothing is published twice, and what is missing is
 * reported the moment it shows.
 */
import type { RawRecord, Verdict, Watch } from "../source.ts";
import { Line, type Came } from "./number-line.ts";

/** What did not come, by the exchange's numbers, both included. */
export interface Gap {
  readonly product: string;
  readonly numbers: Numbers;
  readonly from: number;
  readonly to: number;
  /** Whether it was missed between two runs: this one has had nothing of the product before. */
  readonly betweenRuns: boolean;
}

/** Which of the exchange's numbers are contiguous. */
type Numbers = "sequence" | "trade_id";

/** What a tape has, so that another run continues where it ends. */
export interface Tape {
  readonly numbers: Numbers;
  readonly products: Readonly<Record<string, ProductTape>>;
  /** Events that were missing when it showed, and those of them that came late, since the tape began. */
  readonly missed: number;
  readonly late: number;
}

interface ProductTape extends Came {
  /** The last trade, 0 where there was none. */
  readonly trade: number;
}

/** What is looked at in an event of `coinbase_full`. */
export interface NumberedEvent {
  readonly type: string;
  readonly product: string;
  readonly sequence: number | null;
  readonly trade: number | null;
}

const published: Verdict = { publish: true, records: [] };
const leftOut: Verdict = { publish: false, records: [] };

export class Continuity implements Watch {
  /** Events (without the full channel: trades) that were missing when it showed, and those of them that came late. */
  missed = 0;
  late = 0;
  /** Events that came again and were left out. */
  repeated = 0;
  readonly #lines = new Map<string, { readonly line: Line; trade: number }>();
  readonly #numbers: Numbers;
  readonly #report: (gap: Gap) => void;
  readonly #restarted: (product: string, at: number) => void;
  readonly #before: Tape | undefined;

  /**
   * `full` says that the feed has every event, so that sequences are contiguous; else only trades are. With `before`,
   * the tape of earlier runs, what was missed since it ends is a gap.
   */
  constructor(
    full: boolean,
    report: (gap: Gap) => void,
    restarted: (product: string, at: number) => void = () => {},
    before?: Tape,
  ) {
    this.#numbers = full ? "sequence" : "trade_id";
    this.#report = report;
    this.#restarted = restarted;
    // Sequences say nothing about trade ids, nor these about sequences.
    if (before?.numbers !== this.#numbers) return;
    this.#before = before;
    for (const [product, { trade, ...came }] of Object.entries(before.products))
      this.#lines.set(product, { line: this.#newLine(product, came), trade });
  }

  judge({ type, product, sequence, trade }: NumberedEvent): Verdict {
    return this.accept(type, product, sequence, trade) ? published : leftOut;
  }

  /** Whether an event (of `coinbase_full`) is to be published: false for one that has been. */
  accept(type: string, product: string, sequence: number | null, trade: number | null): boolean {
    const number = this.#numbers === "sequence" ? sequence : trade;
    // `activate` has no number.
    if (number === null) return true;
    const known = this.#of(product);
    if (type === "last_match") {
      // It repeats a trade, but is none: where that has not come, it is missing.
      if (this.#numbers === "trade_id") known.line.reach(number);
      return true;
    }
    const verdict = known.line.take(number);
    if (verdict === "late") this.late++;
    else if (verdict === "again") this.repeated++;
    else if (verdict === "restarted") {
      known.trade = 0;
      this.#restarted(product, number);
    }
    if (trade !== null && trade > known.trade) known.trade = trade;
    return verdict !== "again";
  }

  /** Takes an event that is stored: it was accepted once, so that an old number is of a count that had begun again. */
  replay(type: string, product: string, sequence: number | null, trade: number | null): void {
    if (this.accept(type, product, sequence, trade)) return;
    this.repeated--;
    const known = this.#of(product);
    known.line.restart((this.#numbers === "sequence" ? sequence : trade)!);
    known.trade = trade ?? 0;
  }

  /** Compares a heartbeat with what has come: so the end of a silent product's tape is known, too. */
  hear({
    product_id: product,
    sequence,
    last_trade_id: trade,
  }: Readonly<Record<string, unknown>>): readonly RawRecord[] {
    const number = this.#numbers === "sequence" ? sequence : trade;
    if (typeof product === "string" && typeof number === "number") this.#of(product).line.hear(number);
    return [];
  }

  /** The tape with what has come by now. */
  get tape(): Tape {
    const products: Record<string, ProductTape> = {};
    for (const [product, { line, trade }] of this.#lines) {
      const { came } = line;
      if (came !== undefined) products[product] = { ...came, trade };
    }
    const { missed = 0, late = 0 } = this.#before ?? {};
    return { numbers: this.#numbers, products, missed: missed + this.missed, late: late + this.late };
  }

  #of(product: string): { readonly line: Line; trade: number } {
    let known = this.#lines.get(product);
    if (known === undefined) this.#lines.set(product, (known = { line: this.#newLine(product), trade: 0 }));
    return known;
  }

  #newLine(product: string, came?: Came): Line {
    const missed = (from: number, to: number, betweenRuns: boolean) => {
      this.missed += to - from + 1;
      this.#report({ product, numbers: this.#numbers, from, to, betweenRuns });
    };
    return new Line(missed, came);
  }
}
