/** What is known under each of very many numbers: a hash table in typed arrays, 10 to 16 bytes a number. */

/** The share of slots that may be taken. */
const mostLoad = 0.8;
const growth = 1.5;

export type Verdict = "new" | "same" | "other";

/** Contents, as hashes of 32 bits, of whole numbers below 2^53. */
export class Contents {
  /** By the upper half of the numbers: the first content of each. */
  readonly #halves: Half[] = [];
  /** Numbers with their further contents. There are few, but a number may have thousands: a book written as events. */
  readonly #others = new Set<string>();

  /** Whether a number is new, known with this content, or with others only. The content is known from now on. */
  put(number: number, content: number): Verdict {
    const half = (this.#halves[Math.floor(number / 2 ** 32)] ??= new Half());
    const verdict = half.put(number >>> 0, content);
    if (verdict !== "other") return verdict;
    const before = this.#others.size;
    this.#others.add(`${number} ${content}`);
    return this.#others.size > before ? "other" : "same";
  }
}

/** Open addressing: slots of a number's lower half and its content, which is never 0 where a slot is taken. */
class Half {
  #capacity = 16;
  #slots = new Uint32Array(2 * this.#capacity);
  #size = 0;

  put(number: number, content: number): Verdict {
    const hash = content === 0 ? 1 : content;
    let slots = this.#slots;
    let at = this.#find(number);
    if (slots[at + 1] !== 0) return slots[at + 1] === hash ? "same" : "other";
    if (++this.#size > this.#capacity * mostLoad) {
      this.#grow();
      slots = this.#slots;
      at = this.#find(number);
    }
    slots[at] = number;
    slots[at + 1] = hash;
    return "new";
  }

  /** Where a number stands, or would. */
  #find(number: number): number {
    const slots = this.#slots;
    const end = slots.length;
    let at = 2 * Math.floor((scatter(number) / 2 ** 32) * this.#capacity);
    while (slots[at + 1] !== 0 && slots[at] !== number) if ((at += 2) === end) at = 0;
    return at;
  }

  #grow(): void {
    const before = this.#slots;
    this.#capacity = Math.ceil(this.#capacity * growth);
    this.#slots = new Uint32Array(2 * this.#capacity);
    for (let i = 0; i < before.length; i += 2) {
      if (before[i + 1] === 0) continue;
      const at = this.#find(before[i]!);
      this.#slots[at] = before[i]!;
      this.#slots[at + 1] = before[i + 1]!;
    }
  }
}

/** Spreads numbers that follow one another (the finalizer of MurmurHash3). */
function scatter(number: number): number {
  let h = number;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
