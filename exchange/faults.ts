/**
 * Faults on demand: their kinds, how they are requested, and which connection or request they hit. A fault is plain data;
 * every fault that has happened is in the truth log.
 */
import { UsageError } from "../program/command.ts";
import { channelNames, type Channel } from "./protocol.ts";
import type { Truth } from "./truth.ts";

/** What happens to the next frames of a connection. The value of `--fault KIND=VALUE` is the member of the fault named here. */
const ofFrames = {
  drop: "count",
  duplicate: "count",
  reorder: "count",
  "zero-time": "count",
  malformed: "count",
  unknown: "count",
  error: "count",
} as const;

/** What happens to a connection as a whole. */
const ofConnections = { stall: "ms", freeze: "ms", reset: undefined, close: "code" } as const;

/** What waits for the next occasion of its kind: a handshake, a subscribe, a snapshot, a request. */
const awaited = {
  "handshake-429": "count",
  "expired-signature": "count",
  "cut-snapshot": "count",
  "lacking-channel": "count",
  "lacking-product": "count",
  "refuse-product": "count",
  "refuse-request": "count",
  "invalid-id": "count",
  rest: "code",
} as const;

const kinds = { ...ofFrames, ...ofConnections, ...awaited };

type FaultKind = keyof typeof kinds;

export type AwaitedKind = keyof typeof awaited;

export interface Fault {
  readonly kind: FaultKind;
  /** How many frames, handshakes, subscribes, snapshots, channels or requests it hits; default: 1 (reorder: 2). */
  readonly count?: number;
  /** How long a stall or freeze lasts, in milliseconds; default: until the connection ends. */
  readonly ms?: number;
  /** The close code (default: 1001) or the HTTP status of REST (default: 503). */
  readonly code?: number;
  /** The connection to hit, numbered from 1. Default: every open connection, or the next one if none is open. */
  readonly connection?: number;
  readonly channel?: Channel;
  readonly product?: string;
  /** Milliseconds from now until it happens. */
  readonly after?: number;
}

export const faultHelp = `  drop=N               skips N frames
  duplicate=N          sends N frames twice
  reorder=N            sends N frames in reverse order
  zero-time=N          sends N frames with the time 0001-01-01T00:00:00.000000Z
  malformed=N          sends half a JSON text before each of N frames
  unknown=N            sends a frame of an unknown type before each of N frames
  error=N              sends an error before each of N frames
  stall=TIME           sends nothing except pongs
  freeze=TIME          answers nothing at all; the socket stays open
  reset                resets the connection
  close=CODE           closes the connection with this code
  handshake-429=N      refuses N handshakes
  expired-signature=N  refuses N signatures as too old
  cut-snapshot=N       breaks off N snapshots
  lacking-channel=N    silently leaves N channels out of a subscribe
  lacking-product=N    silently leaves N products out of a subscribe
  refuse-product=N     refuses N products by name and subscribes to the others
  refuse-request=N     refuses N products by name, and the whole request with them
  invalid-id=N         refuses N products without naming them, and the whole request with them
  rest=STATUS          refuses a REST request with this status
Without a channel, drop, duplicate and reorder hit full and matches; stall and freeze hit every channel; the other faults
of frames hit every channel except heartbeat and status.`;

/** What each member of a fault in JSON must be. */
const members: Readonly<Record<string, { readonly expected: string; accepts(value: unknown): boolean }>> = {
  kind: oneOf(Object.keys(kinds)),
  channel: oneOf(channelNames),
  product: { expected: "an id such as BTC-USD", accepts: (value) => typeof value === "string" },
  count: wholeFrom(1),
  ms: wholeFrom(0),
  code: wholeFrom(400),
  connection: wholeFrom(1),
  after: wholeFrom(0),
};

function oneOf(texts: readonly string[]) {
  return { expected: `one of ${texts.join(", ")}`, accepts: (value: unknown) => texts.some((text) => text === value) };
}

function wholeFrom(least: number) {
  const accepts = (value: unknown) => Number.isSafeInteger(value) && Number(value) >= least;
  return { expected: `a whole number from ${least}`, accepts };
}

/** Reads a fault from parsed JSON. Throws UsageError if it is not one. */
export function readFault(value: unknown): Fault {
  const wrong = (what: string) => new UsageError(`fault ${JSON.stringify(value)}: ${what}.`);
  if (typeof value !== "object" || value === null)
    throw wrong('an object is expected, such as {"kind":"drop","count":5}');
  for (const [name, given] of Object.entries({ kind: undefined, ...value })) {
    const member = members[name];
    if (member === undefined) throw wrong(`${name} is not one of ${Object.keys(members).join(", ")}`);
    if (!member.accepts(given)) throw wrong(`${name} must be ${member.expected}`);
  }
  const fault = value as Fault;
  const { kind, code } = fault;
  const isStatus = code === undefined || code <= 599;
  const canClose = code === undefined || (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014);
  if (kind === "rest" && !isStatus) throw wrong("code must be a status from 400 to 599");
  if (kind === "close" && !canClose) throw wrong("code must be one that may be sent: 1000 to 1003 or 1007 to 1014");
  return fault;
}

/** Reads a fault from `KIND[=VALUE][/CHANNEL[/PRODUCT]][@AFTER]`. Throws UsageError. */
export function parseFault(text: string): Fault {
  const match = /^([a-z0-9-]+)(?:=([^/@]+))?(?:\/([^/@]+)(?:\/([^/@]+))?)?(?:@([^@]+))?$/.exec(text);
  if (match === null) {
    throw new UsageError(
      `--fault ${text}: KIND[=VALUE][/CHANNEL[/PRODUCT]][@AFTER] is expected, such as drop=5/full@10s.`,
    );
  }
  const [, kind = "", value, channel, product, after] = match;
  const member = Object.hasOwn(kinds, kind) ? kinds[kind as FaultKind] : undefined;
  if (value !== undefined && member === undefined) throw new UsageError(`--fault ${text}: ${kind} takes no value.`);
  const target = { channel, product, after: after && milliseconds(after) };
  const meant = value && member && { [member]: member === "ms" ? milliseconds(value) : Number(value) };
  // Through JSON, to leave out what is undefined.
  return readFault(JSON.parse(JSON.stringify({ kind, ...target, ...(meant || {}) })));
}

/** Reads `500ms`, `10s` or `5m` as milliseconds. */
function milliseconds(text: string): number {
  const match = /^(\d{1,7})(ms|s|m)$/.exec(text);
  if (match === null) throw new UsageError(`--fault: ${text} is not a duration such as 500ms, 10s or 5m.`);
  return Number(match[1]) * { ms: 1, s: 1000, m: 60_000 }[match[2] as "ms" | "s" | "m"];
}

/** A connection, as faults see it. */
export interface Target {
  readonly id: number;
  hit(fault: Fault): void;
}

/** The occasion of an awaited fault. A member that is not given matches every fault. */
export interface Occasion {
  readonly connection?: number;
  readonly channel?: Channel | undefined;
  readonly product?: string | undefined;
}

export class Faults {
  readonly #targets: ReadonlySet<Target>;
  readonly #truth: Truth;
  /** Faults that wait for a connection to open. */
  #waiting: Fault[] = [];
  /** Awaited faults, and how many occasions each has left. */
  #armed: { fault: Fault; left: number }[] = [];
  readonly #timers = new Set<NodeJS.Timeout>();

  constructor(targets: ReadonlySet<Target>, truth: Truth) {
    this.#targets = targets;
    this.#truth = truth;
  }

  /** Starts a fault, now or after the time it names. */
  inject(fault: Fault): void {
    if (fault.after === undefined) return this.#start(fault);
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      this.#start(fault);
    }, fault.after);
    this.#timers.add(timer);
  }

  /** Applies the waiting faults to a new connection. */
  connected(target: Target): void {
    const mine = this.#waiting.filter((fault) => isFor(fault, target));
    this.#waiting = this.#waiting.filter((fault) => !mine.includes(fault));
    for (const fault of mine) target.hit(fault);
  }

  /** Takes one occurrence of the fault that matches this occasion, if there is one, and logs it. */
  take(kind: AwaitedKind, now: Occasion = {}): Fault | undefined {
    const found = this.#armed.find(
      ({ fault }) =>
        fault.kind === kind &&
        (["connection", "channel", "product"] as const).every(
          (name) => fault[name] === undefined || now[name] === undefined || fault[name] === now[name],
        ),
    );
    if (found === undefined) return undefined;
    if (--found.left === 0) this.#armed = this.#armed.filter((armed) => armed !== found);
    const { connection, channel, product } = now;
    this.#truth.note("fault", { kind, connection, channel, product_id: product });
    return found.fault;
  }

  close(): void {
    for (const timer of this.#timers) clearTimeout(timer);
  }

  #start(fault: Fault): void {
    if (Object.hasOwn(awaited, fault.kind)) return void this.#armed.push({ fault, left: fault.count ?? 1 });
    const targets = [...this.#targets].filter((target) => isFor(fault, target));
    if (targets.length === 0) this.#waiting.push(fault);
    for (const target of targets) target.hit(fault);
  }
}

function isFor(fault: Fault, target: Target): boolean {
  return fault.connection === undefined || fault.connection === target.id;
}
