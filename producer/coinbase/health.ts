/** What is shown of a feed of Coinbase Exchange: docs/operations.md explains each figure. */
import type { Figure, Health } from "../source.ts";
import type { CoinbaseFeed } from "./feed.ts";

export function healthOf(feed: CoinbaseFeed): Health {
  const { watch } = feed;
  const counter = (name: string, help: string, read: Figure["read"], label?: string): Figure => ({
    name,
    help,
    kind: "counter",
    read,
    ...(label !== undefined && { label }),
  });
  const gauge = (name: string, help: string, read: Figure["read"]): Figure => ({ name, help, kind: "gauge", read });
  return {
    figures: [
      gauge(
        "frames_waiting",
        "Frames that have come and are not read yet.",
        (counters) => feed.received - counters.frames,
      ),
      gauge("sockets", "Sockets that the products are spread over.", () => feed.sockets),
      gauge("sockets_connected", "Sockets whose subscription is confirmed.", () => feed.open),
      gauge("products_refused", "Products of which the exchange refuses something.", () => feed.refused),
      counter("connections_total", "Connections tried.", () => feed.connects),
      counter("disconnections_total", "Connections ended.", () => feed.endings, "cause"),
      counter("exchange_errors_total", "Error frames of the exchange.", () => feed.complaints),
      counter("feed_pauses_total", "Times that reading waited for the sink.", () => feed.pauses),
      counter("missed_events_total", "Events that were missing when it showed.", () => watch.missed),
      counter("late_events_total", "Those of them that came late.", () => watch.late),
      counter("repeated_events_total", "Events that came again and were left out.", () => watch.repeated),
    ],
    get received() {
      return feed.received;
    },
    status: () => ({ sockets: feed.open, refused: feed.refused, missed: watch.missed }),
    totals: () => ({ missed: watch.missed, connections: feed.connects }),
    faults() {
      const { open, sockets, idle, refused } = feed;
      // A product that the exchange refuses is no fault of the others: tapeline_products_refused counts it.
      if (idle === sockets) return [`the exchange refuses all ${refused} products`];
      return open >= sockets - idle ? [] : [`${open} of ${sockets - idle} sockets are connected`];
    },
  };
}
