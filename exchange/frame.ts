/** A frame on its way to the clients: written at most once, however many there are, and not at all without any. */
import type { Message } from "./tape.ts";

export class Frame {
  readonly message: Message;
  #text: string | undefined;
  #bytes: Buffer | undefined;

  /** `text` where it is not the JSON of the message. */
  constructor(message: Message, text?: string) {
    this.message = message;
    this.#text = text;
  }

  get text(): string {
    return (this.#text ??= JSON.stringify(this.message));
  }

  get bytes(): Buffer {
    return (this.#bytes ??= Buffer.from(this.text));
  }
}
