/** One connection to the exchange, from the handshake to its end. It never comes back: feed.ts makes another. */
import { randomUUID } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { WebSocket } from "ws";
import { parseObject } from "../decode/decode.ts";
import type { Frame, Session } from "../frame.ts";
import { microseconds } from "../clock.ts";
import { sign, type Credentials } from "./signature.ts";
import { readComplaint, unconfirmed, type Pair, type Subscription } from "./subscription.ts";

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
export interface Patience {
  /** For the handshake, and for the answer to the subscription. */
  readonly answer: number;
  /** Heartbeats come every second: after so long without any frame the connection is asked whether it lives. */
  readonly silence: number;
}

export interface Listener {
  arrived(connection: Connection, frame: Frame): void;
  /** The exchange has confirmed all of the subscription. */
  confirmed(): void;
  /** The exchange has sent an error that does not end the connection. */
  complained(text: string): void;
}

/** More than any frame: the snapshot of a busy book is over a megabyte. */
const largestFrame = 16 * 1024 * 1024;

export class Connection implements Session {
  readonly id = randomUUID();
  readonly live = true;
  readonly startsAt = 0;
  /** Settles when the connection is no more. */
  readonly ended: Promise<Ending>;
  /** The exchange has confirmed all of the subscription. */
  confirmed = false;
  readonly #socket: WebSocket;
  readonly #asked: Subscription;
  readonly #listener: Listener;
  readonly #patience: Patience;
  #opened = false;
  #number = 0;
  #seenAt = performance.now();
  #pinged: "no" | "waiting" | "answered" = "no";
  #ending: Ending | undefined;
  /** What is still to be confirmed. */
  #missing: Pair[];
  readonly #refused = new Set<string>();
  /** Errors that were looked at when they came, and that the decoder will find again. */
  #peeked = 0;

  constructor(
    endpoint: string,
    asked: Subscription,
    credentials: Credentials | undefined,
    patience: Patience,
    listener: Listener,
  ) {
    this.#asked = asked;
    this.#listener = listener;
    this.#patience = patience;
    this.#missing = unconfirmed(asked, {});
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
    const answer = setTimeout(() => this.#checkAnswer(), patience.answer * 2);
    const watch = setInterval(() => this.#watch(), patience.silence / 4);
    socket.on("open", () => {
      this.#opened = true;
      this.#seenAt = performance.now();
      const signed = credentials === undefined ? {} : sign(credentials);
      socket.send(
        JSON.stringify({ type: "subscribe", product_ids: asked.products, channels: asked.channels, ...signed }),
      );
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
        clearTimeout(answer);
        clearInterval(watch);
        this.#ending ??= { cause: "closed", detail: closeText(code, reason) };
        resolve(this.#ending);
      });
    });
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
    if (message["type"] === "subscriptions") this.#compare(message);
    else if (message["type"] !== "error") return;
    else if (this.#peeked > 0) this.#peeked--;
    else this.#complain(message);
  }

  /**
   * The answer to the subscription is looked at when it comes: the decoder may not see it for long while the sink is
   * full, and the connection would be taken for one that is not answered.
   */
  #peek(bytes: Buffer): void {
    const message = parseObject(bytes.toString());
    if (message?.["type"] === "subscriptions") this.#compare(message);
    else if (message?.["type"] === "error") {
      this.#peeked++;
      this.#complain(message);
    }
  }

  #receive(bytes: Buffer): void {
    const now = performance.now();
    this.#seenAt = now;
    this.#pinged = "no";
    if (!this.confirmed && this.#ending === undefined) this.#peek(bytes);
    this.#listener.arrived(this, { bytes, number: ++this.#number, receivedAt: microseconds(now) });
  }

  #compare(answer: Readonly<Record<string, unknown>>): void {
    this.#missing = unconfirmed(this.#asked, answer).filter(({ product }) => !this.#refused.has(product));
    if (this.#missing.length > 0) {
      if (this.confirmed) this.#end("unconfirmed", `the exchange no longer sends ${briefly(this.#missing)}`);
    } else if (!this.confirmed) {
      this.confirmed = true;
      this.#listener.confirmed();
    }
  }

  #complain(message: Readonly<Record<string, unknown>>): void {
    const { text, product, credentials, expired } = readComplaint(message);
    if (!this.confirmed && expired) return this.#end("expired", `${text} (is this machine's clock right?)`);
    if (!this.confirmed && credentials) return this.#end("rejected", text);
    if (product !== undefined) {
      this.#refused.add(product);
      if (this.#asked.products.every((asked) => this.#refused.has(asked))) return this.#end("rejected", text);
    }
    this.#listener.complained(text);
  }

  #checkAnswer(): void {
    if (this.confirmed) return;
    this.#end("unconfirmed", `the exchange has not confirmed ${briefly(this.#missing)}`);
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
    if (this.#pinged === "answered") this.#end("stalled", `${seconds}, though it answers pings`);
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

function briefly(pairs: readonly Pair[]): string {
  const shown = pairs
    .slice(0, 3)
    .map(({ channel, product }) => `${channel} of ${product}`)
    .join(", ");
  return pairs.length > 3 ? `${shown} and ${pairs.length - 3} more` : shown;
}
