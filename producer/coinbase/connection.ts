/** One connection to the exchange, from the handshake to its end. It never comes back: feed.ts makes another. */
import { randomUUID } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { WebSocket } from "ws";
import { parseObject } from "./decode/decode.ts";
import type { Frame, Session } from "../source.ts";
import { microseconds } from "../../program/clock.ts";
import { sign, type Credentials } from "./signature.ts";
import { Asking, type AskingPatience } from "./asking.ts";
import type { Roster } from "./roster.ts";
import { channelsOf, readComplaint, type Pair } from "./subscription.ts";

/** Why a connection ended; `closed` is the exchange's doing, `stopped` ours. */
export type Cause =
  | "unreachable"
  | "refused"
  | "rejected"
  | "expired"
  | "unconfirmed"
  | "half-open"
  | "stalled"
  | "closed"
  | "failed"
  | "stopped";

export interface Ending {
  readonly cause: Cause;
  readonly detail: string;
}

/** Waits, in milliseconds. */
export interface Patience extends AskingPatience {
  /** For the handshake too. */
  readonly answer: number;
  /** Heartbeats come every second: after so long without any frame the connection is asked whether it lives. */
  readonly silence: number;
}

export interface Listener {
  arrived(connection: Connection, frame: Frame): void;
  /** The exchange has confirmed all of the subscription that it does not refuse. */
  confirmed(): void;
  /** The exchange has sent an error that does not end the connection; `refusal` says that the roster has it. */
  complained(text: string, refusal: boolean): void;
}

/** More than any frame: the snapshot of a busy book is over a megabyte. */
const largestFrame = 16 * 1024 * 1024;

export class Connection implements Session {
  readonly id = randomUUID();
  readonly live = true;
  readonly startsAt = 0;
  /** Settles when the connection is no more. */
  readonly ended: Promise<Ending>;
  readonly #socket: WebSocket;
  readonly #credentials: Credentials | undefined;
  readonly #asking: Asking;
  readonly #listener: Listener;
  readonly #patience: Patience;
  #opened = false;
  #number = 0;
  #seenAt = performance.now();
  #pinged: "no" | "waiting" | "answered" = "no";
  #ending: Ending | undefined;
  /** Answers and errors that were looked at when they came, and that the decoder will find again. */
  #peeked = 0;

  constructor(
    endpoint: string,
    roster: Roster,
    credentials: Credentials | undefined,
    patience: Patience,
    listener: Listener,
  ) {
    this.#credentials = credentials;
    this.#listener = listener;
    this.#patience = patience;
    this.#asking = new Asking(roster, patience, {
      send: (type, pairs) => this.#ask(type, pairs),
      confirmed: () => listener.confirmed(),
      end: (cause, detail) => this.#end(cause, detail),
    });
    // Compression would cost a hundred times the time of receiving (ws inflates each frame on another thread).
    const socket = new WebSocket(endpoint, {
      perMessageDeflate: false,
      // The decoder looks at it: a frame that is no text is quarantined, instead of ending the connection.
      skipUTF8Validation: true,
      maxPayload: largestFrame,
      handshakeTimeout: patience.answer,
      headers: { "user-agent": "tapeline" },
    });
    this.#socket = socket;
    const ask = setInterval(() => this.#remind(), patience.answer / 10);
    const watch = setInterval(() => this.#watch(), patience.silence / 4);
    socket.on("open", () => {
      this.#opened = true;
      this.#seenAt = performance.now();
      this.#asking.open();
    });
    // Text arrives as one Buffer: nothing sets another binaryType.
    socket.on("message", (data) => this.#receive(data as Buffer));
    socket.on("pong", () => {
      if (this.#pinged === "waiting") this.#pinged = "answered";
    });
    socket.on("unexpected-response", (_, response) => this.#refuse(response));
    socket.on("error", (error) => this.#fail(error));
    this.ended = new Promise((resolve) => {
      socket.on("close", (code, reason) => {
        clearInterval(ask);
        clearInterval(watch);
        this.#ending ??= { cause: "closed", detail: closeText(code, reason) };
        this.#asking.close(this.#ending.detail);
        resolve(this.#ending);
      });
    });
  }

  /** The exchange has confirmed all of the subscription that it does not refuse. */
  get confirmed(): boolean {
    return this.#asking.confirmed;
  }

  /** Reads no more from the socket: the exchange waits, and closes a connection that makes it wait for long. */
  pause(): void {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.pause();
  }

  resume(): void {
    // What has waited in the pause counts as silence no more.
    this.#seenAt = performance.now();
    if (this.#socket.isPaused) this.#socket.resume();
  }

  stop(): void {
    this.#end("stopped", "stopped");
  }

  /** What the decoder finds among the frames: after the answer to the subscription it is soon enough. */
  control(message: Readonly<Record<string, unknown>>): void {
    // What is read of a connection that is no more must not open it again in the figures.
    if (this.#ending !== undefined) return;
    const { type, product_id: product } = message;
    if (type === "heartbeat" && typeof product === "string") return this.#asking.beat(product);
    if (type !== "subscriptions" && type !== "error") return;
    if (this.#peeked > 0) this.#peeked--;
    else this.#hear(message);
  }

  /**
   * The answer to the subscription is looked at when it comes: the decoder may not see it for long while the sink is
   * full, and the connection would be taken for one that is not answered.
   */
  #peek(bytes: Buffer): void {
    const message = parseObject(bytes.toString());
    if (message?.["type"] !== "subscriptions" && message?.["type"] !== "error") return;
    this.#peeked++;
    this.#hear(message);
  }

  #receive(bytes: Buffer): void {
    const now = performance.now();
    this.#seenAt = now;
    this.#pinged = "no";
    if (!this.confirmed && this.#ending === undefined) this.#peek(bytes);
    this.#listener.arrived(this, { bytes, number: ++this.#number, receivedAt: microseconds(now) });
  }

  #ask(type: "subscribe" | "unsubscribe", pairs: readonly Pair[]): void {
    const signed = this.#credentials === undefined ? {} : sign(this.#credentials);
    this.#socket.send(JSON.stringify({ type, channels: channelsOf(pairs), ...signed }));
  }

  #hear(message: Readonly<Record<string, unknown>>): void {
    if (message["type"] === "subscriptions") return this.#asking.answer(message);
    const complaint = readComplaint(message);
    const { text, credentials, expired } = complaint;
    if (!this.confirmed && expired) return this.#end("expired", `${text} (is this machine's clock right?)`);
    if (!this.confirmed && credentials) return this.#end("rejected", text);
    this.#listener.complained(text, this.#asking.complain(complaint));
  }

  /** While the sink is full, answers that have come are not read. */
  #remind(): void {
    if (this.#ending === undefined && !this.#socket.isPaused) this.#asking.tick();
  }

  #watch(): void {
    if (this.#socket.readyState !== WebSocket.OPEN || this.#socket.isPaused) return;
    const silent = performance.now() - this.#seenAt;
    if (silent < this.#patience.silence) return;
    if (this.#pinged === "no") {
      this.#pinged = "waiting";
      return this.#socket.ping();
    }
    if (silent < this.#patience.silence * 2) return;
    const seconds = `${(silent / 1000).toFixed(1)} s without a frame`;
    // Without heartbeats a market may be silent for long.
    if (this.#pinged === "answered" && !this.#asking.holds("heartbeat")) {
      this.#pinged = "no";
      this.#seenAt = performance.now();
    } else if (this.#pinged === "answered") this.#end("stalled", `${seconds}, though it answers pings`);
    else this.#end("half-open", `${seconds}, and no answer to a ping`);
  }

  #refuse(response: IncomingMessage): void {
    response.resume();
    this.#end("refused", `HTTP ${response.statusCode} ${response.statusMessage ?? ""} at the handshake`.trimEnd());
  }

  #fail(error: Error): void {
    this.#end(this.#opened ? "failed" : "unreachable", messageOf(error));
  }

  /** Ends at once: a closing handshake with a silent peer would wait for half a minute. */
  #end(cause: Cause, detail: string): void {
    this.#ending ??= { cause, detail };
    if (cause === "stopped" && this.#socket.readyState === WebSocket.OPEN) this.#socket.close(1000);
    this.#socket.terminate();
  }
}

function messageOf(error: Error): string {
  // A host with several addresses fails with one error for each.
  const first = error instanceof AggregateError ? ((error.errors[0] as Error | undefined) ?? error) : error;
  return first.message;
}

function closeText(code: number, reason: Buffer): string {
  const text = reason.toString().slice(0, 200);
  if (code === 1006) return "the connection broke (1006)";
  return `closed by the exchange (${code}${text === "" ? "" : `: ${text}`})`;
}
