/** A broker that sends its clients on to an address that is not known here, in librdkafka's own words. */
import { expect, it } from "vitest";
import { misadvertisedIn } from "../../../topics/kafka/advertised.ts";
import { plain } from "./kafka-records.ts";

it("a configured broker is not taken for one that advertises another address", () => {
  const config = plain("127.0.0.1:9092");
  expect(
    misadvertisedIn("127.0.0.1:9092/bootstrap: Connect to ipv4#127.0.0.1:9092 failed: Connection refused", config),
  ).toBe(undefined);
  expect(misadvertisedIn("127.0.0.1:9092/1: Disconnected", config)).toBe(undefined);
  expect(
    misadvertisedIn(
      "sasl_ssl://b0.host:9093/1: Failed to resolve 'b0.host:9093': Name or service not known (after 4ms in state CONNECT)",
      config,
    ),
  ).toContain(
    "advertises the address b0.host:9093, which cannot be reached from here (Failed to resolve 'b0.host:9093': Name or service not known). ",
  );
});
