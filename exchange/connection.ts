/** One client: its requests, its subscriptions, the frames it is sent, and the faults on the way. */
import type { Socket } from "node:net";
import type { WebSocket } from "ws";
import { Hit, refuseOnDemand, type Delivery } from "./effects.ts";
import type { AwaitedKind, Fault, Faults, Target } from "./faults.ts";
import type { Floor } from "./floor.ts";
import type { Buckets } from "./limits.ts";
import { describeSubscriptions, planRequest, type Channel, type Plan, type Rules } from "./protocol.ts";
import type { Settings } from "./settings.ts";
import { Subscription, type Frame, type Receiver } from "./subscription.ts";
import type { Truth } from "./truth.ts";

/** What all connections share. */
export interface House {
  readonly settings: Settings;
  readonly floor: Floor;
  readonly faults: Faults;
  readonly truth: Truth;
  readonly messages: Buckets;
}

export class Connection implements Receiver, Target {
  readonly id: number;
  readonly #house: House;
  readonly #rules: Rules;
  readonly #ws: WebSocket;
  readonly #socket: Socket;
  readonly #subscriptions = new Map<Channel, Map<string, Subscription>>();
  readonly #hits = new Set<Hit>();
  readonly #onEnd: () => void;
  #deadline: NodeJS.Timeout | undefined;
  #ended = false;

  constructor(id: number, house: House, rules: Rules, ws: WebSocket, socket: Socket, onEnd: () => void) {
    this.id = id;
    this.#house = house;
    this.#rules = rules;
    this.#ws = ws;
    this.#socket = socket;
    this.#onEnd = onEnd;
    const address = socket.remoteAddress ?? "";
    ws.on("message", (data) => {
      if (house.messages.take(address)) return this.#answer((data as Buffer).toString());
      house.truth.note("limit", { of: "messages", connection: id });
      this.#disconnect("ErrSlowRead");
    });
    // ws closes the socket itself after an error: a message that is too big, or a malformed WebSocket frame.
    ws.on("error", (error) => this.#end(error.message));
    ws.on("close", (code) => this.#end(`closed with ${code}`));
    this.#expectSubscribe(house.settings.patience.subscribe);
  }

  cork(): void {
    this.#socket.cork();
  }

  uncork(): void {
    this.#socket.uncork();
    if (this.#ws.bufferedAmount > this.#house.settings.backlog) this.#disconnect("ErrSlowConsume");
  }

  deliver(subscription: Subscription, frame: Frame): void {
    if (this.#ended) return;
    if (frame.message.type === "snapshot" && this.#takesFault("cut-snapshot", subscription))
      return this.#breakOff(frame);
    if (this.#hits.size === 0) return this.#send({ subscription, frame });
    let deliveries: readonly Delivery[] = [{ subscription, frame }];
    for (const hit of this.#hits) {
      deliveries = deliveries.flatMap((delivery) => hit.through(delivery));
      if (hit.isSpent) this.#endHit(hit);
    }
    for (const delivery of deliveries) this.#send(delivery);
  }

  /** Ends without a close frame, as if the exchange went down. */
  terminate(): void {
    this.#end("the exchange ended");
    this.#socket.destroy();
  }

  hit(fault: Fault): void {
    const { kind, ms, code = 1001 } = fault;
    if (kind === "reset" || kind === "close") {
      this.#house.truth.note("fault", { kind, connection: this.id });
      this.#end(kind);
      if (kind === "reset") this.#socket.resetAndDestroy();
      else this.#ws.close(code);
      return;
    }
    const hit = new Hit(fault);
    this.#hits.add(hit);
    if (kind === "freeze") this.#ws.pause();
    if (ms !== undefined) setTimeout(() => this.#endHit(hit), ms).unref();
  }

  #answer(text: string): void {
    if (this.#ended) return;
    const plan = planRequest(text, this.#rules);
    const { operation, products, refusals } = refuseOnDemand(plan, (kind, product) =>
      this.#takesFault(kind, { productId: product }),
    );
    for (const refusal of refusals) this.#reply(refusal);
    if (products.size > 0) {
      const joined = operation === "subscribe" ? this.#subscribe(products) : this.#unsubscribe(products);
      const present = [...this.#subscriptions].map(([channel, mine]) => [channel, mine.keys()] as const);
      this.#reply(describeSubscriptions(new Map(present)));
      for (const subscription of joined) this.#join(subscription);
      this.#house.floor.regroup();
    }
    if (this.#subscriptions.size > 0) clearTimeout(this.#deadline);
    else if (operation !== undefined) this.#expectSubscribe(this.#house.settings.patience.idle);
  }

  /** Adds what is not yet subscribed to and returns it, sorted by product. */
  #subscribe(products: Plan["products"]): readonly Subscription[] {
    const joined: Subscription[] = [];
    for (const [channel, ids] of products) {
      if (this.#takesFault("lacking-channel", { channel })) continue;
      const mine = this.#subscriptions.get(channel) ?? new Map<string, Subscription>();
      this.#subscriptions.set(channel, mine);
      for (const id of ids) {
        if (mine.has(id) || this.#takesFault("lacking-product", { channel, productId: id })) continue;
        const subscription = new Subscription(this, channel, id);
        mine.set(id, subscription);
        joined.push(subscription);
      }
    }
    for (const [channel, mine] of this.#subscriptions) if (mine.size === 0) this.#subscriptions.delete(channel);
    return joined.toSorted((a, b) => (a.productId < b.productId ? -1 : Number(a.productId > b.productId)));
  }

  #unsubscribe(products: Plan["products"]): readonly Subscription[] {
    for (const [channel, ids] of products) {
      const mine = this.#subscriptions.get(channel);
      if (mine === undefined) continue;
      for (const id of ids.size === 0 ? [...mine.keys()] : ids) {
        const subscription = mine.get(id);
        if (subscription !== undefined) this.#leave(subscription);
        mine.delete(id);
      }
      if (mine.size === 0) this.#subscriptions.delete(channel);
    }
    return [];
  }

  #join(subscription: Subscription): void {
    const { floor, truth } = this.#house;
    const board = floor.board(subscription.channel, subscription.productId);
    const { sequence, tradeId } = board.end ?? {};
    truth.note("subscribe", { ...this.#whose(subscription), sequence, trade_id: tradeId });
    board.join(subscription);
  }

  #leave(subscription: Subscription): void {
    const { floor, truth } = this.#house;
    floor.board(subscription.channel, subscription.productId).leave(subscription);
    truth.note("unsubscribe", { ...this.#whose(subscription), sent: subscription.sent });
  }

  #whose({ channel, productId }: Subscription) {
    return { connection: this.id, channel, product_id: productId };
  }

  #takesFault(kind: AwaitedKind, { channel, productId }: { channel?: Channel; productId?: string }): boolean {
    return this.#house.faults.take(kind, { connection: this.id, channel, product: productId }) !== undefined;
  }

  #send({ subscription, frame }: Delivery): void {
    if (this.#ended) return;
    this.#ws.send(frame.bytes, { binary: false });
    subscription?.sent.add(frame.message);
  }

  /** Sends a message that belongs to no channel. */
  #reply(message: object | string): void {
    if (this.#ended || [...this.#hits].some((hit) => hit.silences)) return;
    this.#ws.send(typeof message === "string" ? message : JSON.stringify(message));
  }

  #endHit(hit: Hit): void {
    if (!this.#hits.delete(hit)) return;
    hit.report(this.#house.truth, this.id);
    if (hit.fault.kind === "freeze") this.#ws.resume();
  }

  #expectSubscribe(within: number): void {
    clearTimeout(this.#deadline);
    this.#deadline = setTimeout(() => {
      this.#end("not subscribed to anything");
      this.#socket.destroySoon();
    }, within);
  }

  /** Disconnects with the exchange's error for it, without a close frame. */
  #disconnect(message: string): void {
    if (this.#ended) return;
    this.#reply({ type: "error", message });
    this.#end(message);
    this.#hangUp();
  }

  /** Sends half of a frame and hangs up. */
  #breakOff(frame: Frame): void {
    this.#ws.send(frame.bytes.subarray(0, frame.bytes.length / 2), { binary: false, fin: false });
    this.#end("cut-snapshot");
    this.#hangUp();
  }

  /** Ends the socket once pending data is sent, or after the linger time if the client does not read it. */
  #hangUp(): void {
    this.#socket.destroySoon();
    setTimeout(() => this.#socket.destroy(), this.#house.settings.patience.linger).unref();
  }

  /** Ends every subscription and fault. Nothing is sent afterwards. */
  #end(cause: string): void {
    if (this.#ended) return;
    this.#ended = true;
    clearTimeout(this.#deadline);
    for (const hit of this.#hits) this.#endHit(hit);
    for (const mine of this.#subscriptions.values()) for (const each of mine.values()) this.#leave(each);
    this.#house.truth.note("disconnect", { connection: this.id, cause });
    this.#house.floor.regroup();
    this.#onEnd();
  }
}
