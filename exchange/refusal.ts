/** What the exchange refuses on demand of what a client subscribes to, in its own words. */
import type { AwaitedKind } from "./faults.ts";
import { failed, type Channel, type ErrorMessage, type Plan } from "./protocol.ts";

/**
 * A plan without what a fault refuses: a product by name, as today's servers do, which subscribe to the rest; or by name or
 * without one, as older ones did, which then subscribe to nothing. `takes` says whether such a fault is to happen to a product.
 */
export function refuseOnDemand(plan: Plan, takes: (kind: AwaitedKind, product: string) => boolean): Plan {
  if (plan.operation !== "subscribe") return plan;
  const asked = new Set([...plan.products.values()].flatMap((products) => [...products]));
  const errors: ErrorMessage[] = [];
  const refused = new Set<string>();
  let nothing = false;
  for (const product of asked) {
    const named = takes("refuse-product", product);
    const whole = !named && takes("refuse-request", product);
    const nameless = !named && !whole && takes("invalid-id", product);
    if (!named && !whole && !nameless) continue;
    refused.add(product);
    nothing ||= whole || nameless;
    errors.push(failed("subscribe", nameless ? "Invalid product ID provided" : `${product} is not a valid product`));
  }
  if (errors.length === 0) return plan;
  const products = new Map<Channel, ReadonlySet<string>>();
  for (const [channel, ids] of nothing ? [] : plan.products) {
    const rest = new Set([...ids].filter((id) => !refused.has(id)));
    if (rest.size > 0) products.set(channel, rest);
  }
  return { ...plan, products, refusals: [...plan.refusals, ...errors] };
}
