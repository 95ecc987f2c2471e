import { describe, expect, it } from "vitest";
import { publicCredentials, refuseSignature } from "../../exchange/credentials.ts";
import { Client, exchange, signature } from "./client.ts";

const now = () => Date.now() / 1000;

/** The first frame that answers a signed subscribe to full. */
async function answer(more: object, path = ""): Promise<object> {
  const { url } = await exchange();
  const client = await Client.connect(`${url}${path}`);
  client.subscribe(["full"], ["BTC-USD"], more);
  return client.next();
}

const refused = (reason: string, status = "Bad Request") => ({
  type: "error",
  message: `Sorry, you could not be authenticated: ${status}`,
  reason,
});

describe("a signature", () => {
  it("is that of the documentation: HMAC-SHA256, keyed by the decoded secret, over time, GET and path", () => {
    // printf '1GET/users/self/verify' | openssl dgst -sha256 -hmac secret -binary | base64
    const right = "5aL3Zss1lDOd8PfPgffP4LsLjfNakaFPFLnC6icSK1k=";
    const account = { key: "k", passphrase: "p", secret: "c2VjcmV0" };
    const signed = { key: "k", passphrase: "p", timestamp: "1", signature: right };
    expect(refuseSignature(signed, account, 1, 30)).toBeUndefined();
    expect(refuseSignature({ ...signed, timestamp: "1.0" }, account, 1, 30)).toEqual(refused("invalid signature"));
  });

  it("is keyed by 64 bytes", () => {
    expect(Buffer.from(publicCredentials.secret, "base64")).toHaveLength(64);
  });

  it.each([-29.5, 0, 29.5])("may differ from the clock by %d seconds, with decimals", async (seconds) => {
    expect(await answer(signature((now() + seconds).toFixed(3)))).toMatchObject({ type: "subscriptions" });
  });

  it.each([-31, 31])("must not differ from the clock by %d seconds", async (seconds) => {
    expect(await answer(signature(now() + seconds))).toEqual(refused("request timestamp expired"));
  });

  it("is refused in the exchange's words if it is wrong, and the connection stays open", async () => {
    const { url } = await exchange();
    const client = await Client.connect(url);
    client.subscribe(["full"], ["BTC-USD"], { ...signature(), signature: "bm8=" });
    client.subscribe(["full"], ["BTC-USD"], { ...signature(), key: "another" });
    client.subscribe(["full"], ["BTC-USD"], { ...signature(), passphrase: "another" });
    client.subscribe(["matches"], ["BTC-USD"], { ...signature(), timestamp: "yesterday" });
    client.subscribe(["full"], ["BTC-USD"]);
    expect(await client.take(4)).toEqual([
      refused("invalid signature"),
      refused("Invalid API Key", "Unauthorized"),
      refused("Invalid Passphrase", "Unauthorized"),
      refused("request timestamp expired"),
    ]);
    expect((await client.next()).type).toBe("subscriptions");
  });

  it("with a number as its timestamp is answered with text that is not JSON", async () => {
    const signed = { ...signature(), timestamp: Math.floor(now()) };
    expect(await answer(signed)).toMatchObject({ type: "text", text: "\u0003invalid (un)subscribe msg" });
  });

  it("is valid only for its own subscribe", async () => {
    const { url } = await exchange();
    const client = await Client.connect(url);
    client.subscribe(["level2"], ["BTC-USD"]);
    await client.next("subscriptions");
    client.subscribe(["full"], ["BTC-USD"], {});
    expect(await client.next("error")).toMatchObject({ message: "Failed to subscribe" });
  });

  it("opens /direct as well", async () => {
    expect(await answer(signature(), "/direct")).toMatchObject({ type: "subscriptions" });
  });

  it("may be that of another configured account", async () => {
    const account = { key: "k", passphrase: "p", secret: "c2VjcmV0" };
    const { url } = await exchange({ credentials: account });
    const client = await Client.connect(url);
    client.subscribe(["full"]);
    client.subscribe(["full"], ["BTC-USD"], signature(now(), account));
    expect((await client.take(2)).map(({ type }) => type)).toEqual(["error", "subscriptions"]);
  });
});
