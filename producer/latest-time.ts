/**
 * The latest time of the exchange in a recording so far (microseconds since 1970): the receive time of lines without a
 * stamp. A jump of more than a day counts when the next time agrees, so that one frame dated far ahead does not carry all
 * that follow with it.
 */
const day = 24 * 3_600_000_000;

export class LatestTime {
  #latest: number;
  /** A time more than a day ahead, which no other has confirmed yet. */
  #doubtful: number | undefined;

  constructor(startsAt: number) {
    this.#latest = startsAt;
  }

  /** The receive time of the next frame, which has this time of the exchange, or none. */
  after(time: number | undefined): number {
    if (time === undefined) return this.#latest;
    const ahead = time > this.#latest + day;
    if (ahead && (this.#doubtful === undefined || Math.abs(time - this.#doubtful) > day)) {
      this.#doubtful = time;
      return time;
    }
    this.#latest = Math.max(this.#latest, time, ahead ? this.#doubtful! : time);
    this.#doubtful = undefined;
    return this.#latest;
  }
}

/**
 * The first time of a recording: of its first times (three are enough) the first that the others do not contradict, by
 * both being more than a day earlier; undefined where there is none.
 */
export function startOf(times: readonly number[]): number | undefined {
  const [first, second, third] = times;
  const contradicted = first !== undefined && third !== undefined && Math.max(second!, third) < first - day;
  return contradicted ? second : first;
}
