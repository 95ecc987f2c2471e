/**
 * Records that a reader of a topic (a statement, the warehouse) left out or could not take whole, counted by reader,
 * partition and cause. A count is stored with the offset up to which it is valid, so that what is read again after a restart
 * is not counted twice.
 */
export const causes = ["late", "unprocessable", "unknown_schema", "incomplete"] as const;

/**
 * late: its window was closed. unprocessable: it cannot be read, or has no usable key or time. unknown_schema: its schema id
 * is not registered. incomplete: its row is there, but a value in it could not be computed and is NULL.
 */
export type Cause = (typeof causes)[number];

/** The counts of one reader and partition. */
export interface Counts {
  readonly reader: string;
  readonly topic: string;
  readonly partition: number;
  /** The offset after the last record that is counted. */
  readonly upTo: number;
  readonly counts: Readonly<Record<Cause, number>>;
}

/** The first record that a reader drops for a cause. */
export interface FirstDrop extends Pick<Counts, "reader" | "topic" | "partition"> {
  readonly cause: Cause;
  readonly offset: number | undefined;
  readonly reason: string;
}

/** The counts of one reader and partition, to add to. */
export interface Tally extends Counts {
  /** Counts a record, unless it is counted already; without an offset something made of several records. */
  add(cause: Cause, offset: number | undefined, reason: string): void;
}

const none: Counts["counts"] = { late: 0, unprocessable: 0, unknown_schema: 0, incomplete: 0 };

/** Where counts outlive the process. */
export interface CountsStore {
  readonly present: readonly Counts[];
  write(counts: readonly Counts[]): void;
}

export class Dropped {
  readonly #tallies = new Map<string, Tally>();
  readonly #begun = new Set<string>();
  readonly #store: CountsStore | undefined;
  readonly #begins: (first: FirstDrop) => void;
  #changed = false;

  /** `begins` is given the first record of this run that a reader drops for a cause. */
  constructor(store?: CountsStore, begins: (first: FirstDrop) => void = () => {}) {
    this.#store = store;
    this.#begins = begins;
    for (const counts of store?.present ?? []) this.#newTally(counts);
  }

  tally(reader: string, topic: string, partition: number): Tally {
    const known = this.#tallies.get(`${reader} ${topic}/${partition}`);
    return known ?? this.#newTally({ reader, topic, partition, upTo: 0, counts: none });
  }

  /** Stores changed counts: to be called before a reader stores its progress. Throws what the store throws. */
  save(): void {
    if (!this.#changed) return;
    this.#store?.write(this.counts());
    this.#changed = false;
  }

  counts(): readonly Counts[] {
    return [...this.#tallies.values()];
  }

  /** Records dropped for a cause, by reader; those that dropped none are left out. */
  by(cause: Cause): ReadonlyMap<string, number> {
    const sums = new Map<string, number>();
    for (const { reader, counts } of this.#tallies.values())
      if (counts[cause] > 0) sums.set(reader, (sums.get(reader) ?? 0) + counts[cause]);
    return sums;
  }

  /** Records that left no row, once for each reader that left it out. */
  get total(): number {
    let total = 0;
    for (const { counts } of this.#tallies.values())
      total += counts.late + counts.unprocessable + counts.unknown_schema;
    return total;
  }

  #newTally({ reader, topic, partition, upTo, counts }: Counts): Tally {
    const tally = {
      reader,
      topic,
      partition,
      upTo,
      counts: { ...none, ...counts },
      add: (cause: Cause, offset: number | undefined, reason: string) => {
        if (offset !== undefined) {
          if (offset < tally.upTo) return;
          tally.upTo = offset + 1;
        }
        tally.counts[cause]++;
        this.#changed = true;
        const key = `${reader} ${cause}`;
        if (this.#begun.has(key)) return;
        this.#begun.add(key);
        this.#begins({ reader, topic, partition, cause, offset, reason });
      },
    };
    this.#tallies.set(`${reader} ${topic}/${partition}`, tally);
    return tally;
  }
}
