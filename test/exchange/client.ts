/** A client of the simulated exchange, and exchanges that end with their test. */
import { createHmac } from "node:crypto";
import { EventEmitter, once } from "node:events";
import { onTestFinished } from "vitest";
import { WebSocket } from "ws";
import { publicCredentials } from "../../exchange/credentials.ts";
import { startExchange, type Exchange } from "../../exchange/server.ts";
import type { Settings } from "../../exchange/settings.ts";
import type { Message } from "../local/tape-checker.ts";

export async function exchange(options: Partial<Settings> = {}): Promise<Exchange> {
  const started = await startExchange(options);
  let closing: Promise<void> | undefined;
  const close = () => (closing ??= started.close());
  onTestFinished(close);
  return { ...started, close };
}

/** The members that sign a subscribe. */
export function signature(at: number | string = Date.now() / 1000, account = publicCredentials) {
  const timestamp = String(at);
  const hmac = createHmac("sha256", Buffer.from(account.secret, "base64")).update(`${timestamp}GET/users/self/verify`);
  return { signature: hmac.digest("base64"), key: account.key, passphrase: account.passphrase, timestamp };
}

export class Client {
  readonly socket: WebSocket;
  /** Every frame received, in order; what is not JSON has the type "text". */
  readonly frames: Message[] = [];
  /** The close code. */
  readonly closed: Promise<number>;
  readonly #came = new EventEmitter();
  #read = 0;

  static async connect(url: string): Promise<Client> {
    const client = new Client(new WebSocket(url, { perMessageDeflate: false }));
    await once(client.socket, "open");
    return client;
  }

  private constructor(socket: WebSocket) {
    this.socket = socket;
    this.closed = new Promise((resolve) => socket.on("close", (code) => resolve(code)));
    socket.on("error", () => {});
    socket.on("close", () => this.#came.emit("frame"));
    socket.on("message", (data) => {
      this.frames.push(parse((data as Buffer).toString()));
      this.#came.emit("frame");
    });
    onTestFinished(() => socket.terminate());
  }

  send(request: object | string): void {
    this.socket.send(typeof request === "string" ? request : JSON.stringify(request));
  }

  subscribe(channels: readonly unknown[], products: readonly string[] = ["BTC-USD"], more: object = signature()): void {
    this.send({ type: "subscribe", product_ids: products, channels, ...more });
  }

  /** Returns the next unread frame, of the given type if there is one. */
  async next(type?: string): Promise<Message> {
    for (;;) {
      while (this.#read < this.frames.length) {
        const frame = this.frames[this.#read++]!;
        if (type === undefined || frame.type === type) return frame;
      }
      if (this.socket.readyState === WebSocket.CLOSED) throw new Error(`closed before ${type ?? "a frame"} came`);
      await once(this.#came, "frame");
    }
  }

  async take(count: number, type?: string): Promise<Message[]> {
    const taken: Message[] = [];
    while (taken.length < count) taken.push(await this.next(type));
    return taken;
  }
}

function parse(text: string): Message {
  try {
    return JSON.parse(text) as Message;
  } catch {
    return { type: "text", product_id: "", text };
  }
}
