/**
 * A process that does nothing but send: frames made and framed beforehand, to whoever subscribes, as fast as the socket
 * takes them or at a rate. Usage: exchange.ts COUNT; prints its port. The path of a connection is its rate, `/0` none.
 */
import { createHash } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { fullChannelFrames } from "./frames.ts";

const texts = fullChannelFrames(Number(process.argv[2]));
const products = ["BTC-USD", "ETH-USD", "SOL-USD", "XRP-USD", "DOGE-USD"];
const channels = ["full", "heartbeat"].map((name) => ({ name, product_ids: products }));
const confirmation = frame(JSON.stringify({ type: "subscriptions", channels }));
/** Text frames of the WebSocket protocol, joined to pieces of about 64 KiB. */
const pieces = pack(texts.map(frame));

const server = createServer().on("upgrade", (request, socket: Socket) => {
  const key = `${request.headers["sec-websocket-key"]}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`;
  const accept = createHash("sha1").update(key).digest("base64");
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
  );
  socket.setNoDelay();
  socket.on("error", () => {});
  const rate = Number(request.url?.slice(1));
  socket.once("data", () => {
    socket.write(confirmation);
    if (rate === 0) void sendAll(socket);
    else sendAt(socket, rate);
  });
});
server.listen(0, "127.0.0.1", () => process.stdout.write(`${(server.address() as AddressInfo).port}\n`));
process.stdin.resume().on("end", () => process.exit());

async function sendAll(socket: Socket): Promise<void> {
  for (const piece of pieces) {
    if (!socket.write(piece)) await new Promise((resolve) => socket.once("drain", resolve));
    if (socket.destroyed) return;
  }
}

function sendAt(socket: Socket, rate: number): void {
  const start = performance.now();
  let sent = 0;
  const timer = setInterval(() => {
    const due = Math.min(texts.length, Math.floor(((performance.now() - start) / 1000) * rate));
    if (due > sent) socket.write(Buffer.concat(texts.slice(sent, due).map(frame)));
    sent = due;
    if (sent === texts.length || socket.destroyed) clearInterval(timer);
  }, 2);
}

/** RFC 6455, section 5.2: a whole text frame, not masked. */
function frame(text: string): Buffer {
  const payload = Buffer.from(text);
  const header =
    payload.length < 126
      ? Buffer.from([0x81, payload.length])
      : Buffer.from([0x81, 126, payload.length >> 8, payload.length & 255]);
  return Buffer.concat([header, payload]);
}

function pack(frames: readonly Buffer[]): Buffer[] {
  const packed: Buffer[] = [];
  let piece: Buffer[] = [];
  let bytes = 0;
  for (const one of frames) {
    piece.push(one);
    bytes += one.length;
    if (bytes < 64 * 1024) continue;
    packed.push(Buffer.concat(piece));
    piece = [];
    bytes = 0;
  }
  packed.push(Buffer.concat(piece));
  return packed;
}
