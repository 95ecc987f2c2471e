/** From a choice of endpoint, rights and products to the feed, and to what watches over its numbers. */
import { UserError } from "../../program/command.ts";
import type { Logger } from "../../program/logger.ts";
import { Continuity, type Gap, type Tape } from "./continuity.ts";
import type { OwnFields } from "./decode/decode.ts";
import { restBase } from "./endpoints.ts";
import { CoinbaseFeed } from "./feed.ts";
import { chooseProducts, fetchProducts, ofShard, type Shard } from "./products.ts";
import type { Credentials } from "./signature.ts";
import { keylessChannels, signedChannels } from "./subscription.ts";

export interface FeedChoice {
  /** WebSocket URLs, the preferred one first. */
  readonly endpoints: readonly string[];
  readonly credentials: Credentials | undefined;
  /** Ids, patterns or all. */
  readonly products: string;
  readonly productsPerSocket: number;
  /** What becomes of the members of the account's own orders. */
  readonly ownFields: OwnFields;
  readonly shard?: Shard;
  /** What is taken beside the channels that go with the credentials. */
  readonly moreChannels?: readonly string[];
}

/**
 * Says in one line which channels of how many products it takes, and why. `before` is what earlier runs have brought: what
 * was missed since is reported, too. Throws UserError for a choice of nothing.
 */
export async function openFeed(choice: FeedChoice, log: Logger, before?: Tape): Promise<CoinbaseFeed> {
  const { endpoints, credentials, productsPerSocket, ownFields, shard = { index: 1, count: 1 } } = choice;
  const offered = await fetchProducts(restBase(endpoints[0]!));
  const chosen = chooseProducts(offered, choice.products, (line) => log("warn", line));
  const products = ofShard(chosen, shard);
  if (products.length === 0)
    throw new UserError(
      `shard ${shard.index}/${shard.count} has none of the ${chosen.length} products: use fewer shards.`,
    );
  const signed = credentials !== undefined;
  const channels = [...(signed ? signedChannels : keylessChannels), ...(choice.moreChannels ?? [])];
  const why = signed ? "with keys" : "without keys, so neither full nor level2";
  log(
    "info",
    `${products.length} product${products.length === 1 ? "" : "s"} of ${new URL(endpoints[0]!).host}, ${why}: ${channels.join(", ")}`,
  );
  const miss = ({ product, numbers, from, to, betweenRuns }: Gap) => {
    const range = from === to ? `${from}` : `${from} to ${to}`;
    const missed = to - from + 1;
    const when = betweenRuns ? `, ${missed} between two runs` : "";
    log("warn", `${product}: missed ${numbers} ${range}${when}`, { product, numbers, from, to, missed, betweenRuns });
  };
  const restart = (product: string, at: number) =>
    log(
      "warn",
      `${product}: the exchange counts again from the start, now at ${at}; what came before that was taken for repeats`,
    );
  const continuity = new Continuity(signed, miss, restart, before);
  return new CoinbaseFeed({
    endpoints,
    channels,
    products,
    productsPerSocket,
    credentials,
    continuity,
    ownFields,
    log,
  });
}
