/** Faults on demand: what can go wrong, how it is asked for, and when it happens to whom. */
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
  /** How many frames, handshakes, subscribes, snapshots, channels or requests it hits; 1 (reorder: 2) if not given. */
  readonly count?: number;
  /** How long a stall or freeze lasts, in milliseconds; if not given, until the connection ends. */
  readonly ms?: number;
  /** The close code (1001 if not given), or the HTTP status of REST (503). */
  readonly code?: number;
  /** Only this connection: they are numbered from 1. Else every open one; where none is open, the next. */
  readonly connection?: number;
  readonly channel?: Channel;
  readonly product?: string;
  /** Milliseconds from now until it happens. */
  readonly after?: number;
}

export const faultHelp = `  drop=N        N frames are not sent            duplicate=N   N frames are sent twice
  reorder=N     N frames come in reverse         zero-time=N   N frames with the time 0001-01-01T00:00:00.000000Z
  malformed=N   N times half a JSON text, …      unknown=N     … a frame of an unknown type, …
  error=N       … an error, before the next frame
  stall=TIME    nothing is sent, pongs are       freeze=TIME   nothing at all is answered, the socket stays open
  reset         the connection is reset          close=CODE    it is closed with that code
  cut-snapshot=N    a snapshot breaks off        lacking-channel=N    N channels are not subscribed to, without a word
  refuse-product=N  N times a product is refused refuse-request=N     …, and all that was asked for with it
  invalid-id=N      …, without its name          lacking-product=N    N times one is not subscribed to, without a word
  handshake-429=N   N handshakes are refused     expired-signature=N  N signatures are refused as too old
  rest=STATUS   a REST request is refused with that status
Without a channel, drop, duplicate and reorder hit full and matches, and the others no heartbeat.`;

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

/** A fault from JSON. Throws UsageError. */
export function readFault(value: unknown): Fault {
  const wrong = (what: string) => new UsageError(`fault ${JSON.stringify(value)}: ${what}.`);
  if (typeof value !== "object" || value === null) throw wrong('an object is expected, as {"kind":"drop","count":5}');
  for (const [name, given] of Object.entries({ kind: undefined, ...value })) {
    const member = members[name];
    if (member === undefined) throw wrong(`${name} is not one of ${Object.keys(members).join(", ")}`);
    if (!member.accepts(given)) throw wrong(`${name} is to be ${member.expected}`);
  }
  const fault = value as Fault;
  const { kind, code } = fault;
  const isStatus = code === undefined || code <= 599;
  const canClose = code === undefined || (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014);
  if (kind === "rest" && !isStatus) throw wrong("code is to be a status from 400 to 599");
  if (kind === "close" && !canClose) throw wrong("code is to be one that is sent: 1000 to 1003 or 1007 to 1014");
  return fault;
}

/** A fault from `KIND[=VALUE][/CHANNEL[/PRODUCT]][@AFTER]`. Throws UsageError. */
export function parseFault(text: string): Fault {
  const match = /^([a-z0-9-]+)(?:=([^/@]+))?(?:\/([^/@]+)(?:\/([^/@]+))?)?(?:@([^@]+))?$/.exec(text);
  if (match === null) {
    throw new UsageError(`--fault ${text}: KIND[=VALUE][/CHANNEL[/PRODUCT]][@AFTER] is expected, as drop=5/full@10s.`);
  }
  const [, kind = "", value, channel, product, after] = match;
  const member = Object.hasOwn(kinds, kind) ? kinds[kind as FaultKind] : undefined;
  if (value !== undefined && member === undefined) throw new UsageError(`--fault ${text}: ${kind} takes no value.`);
  const told = { channel, product, after: after && milliseconds(after) };
  const meant = value && member && { [member]: member === "ms" ? milliseconds(value) : Number(value) };
  // What is undefined is not there in JSON.
  return readFault(JSON.parse(JSON.stringify({ kind, ...told, ...(meant || {}) })));
}

/** `500ms`, `10s` or `5m` in milliseconds. */
function milliseconds(text: string): number {
  const match = /^(\d{1,7})(ms|s|m)$/.exec(text);
  if (match === null) throw new UsageError(`--fault: ${text} is no duration such as 500ms, 10s or 5m.`);
  return Number(match[1]) * { ms: 1, s: 1000, m: 60_000 }[match[2] as "ms" | "s" | "m"];
}

/** What faults happen to. */
export interface Target {
  readonly id: number;
  hit(fault: Fault): void;
}

/** What an awaited fault could happen to; what it does not say does not count. */
export interface Occasion {
  readonly connection?: number;
  readonly channel?: Channel | undefined;
  readonly product?: string | undefined;
}

export class Faults {
  readonly #targets: ReadonlySet<Target>;
  readonly #truth: Truth;
  /** Those for a connection that is not open yet. */
  #waiting: Fault[] = [];
  /** Those for the next thing of their kind, and how many of those. */
  #armed: { fault: Fault; left: number }[] = [];
  readonly #timers = new Set<NodeJS.Timeout>();

  constructor(targets: ReadonlySet<Target>, truth: Truth) {
    this.#targets = targets;
    this.#truth = truth;
  }

  /** Lets a fault happen, at once or after the time it names. */
  inject(fault: Fault): void {
    if (fault.after === undefined) return this.#start(fault);
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      this.#start(fault);
    }, fault.after);
    this.#timers.add(timer);
  }

  /** A new connection takes the faults that waited for it. */
  connected(target: Target): void {
    const mine = this.#waiting.filter((fault) => isFor(fault, target));
    this.#waiting = this.#waiting.filter((fault) => !mine.includes(fault));
    for (const fault of mine) target.hit(fault);
  }

  /** The fault that is to happen to what is now being done, if there is one. It is used up by that. */
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
