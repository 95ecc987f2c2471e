/** A stream over a raw topic, one made from it and a table over that: as files, on a server, and the commands against both. */
import { desiredOf, runAgainst, startFakeKsqldb } from "../../fake-ksqldb/start.ts";

export const full =
  "CREATE STREAM coinbase_full (k STRING KEY, `type` STRING, `price` STRING, `size` STRING) WITH (KAFKA_TOPIC = 'coinbase_full', KEY_FORMAT = 'KAFKA', VALUE_FORMAT = 'AVRO');";
export const trades =
  "-- The maker's side; not ours.\nCREATE STREAM coinbase_trades WITH (KAFKA_TOPIC = 'coinbase_trades', PARTITIONS = 6, RETENTION_MS = 604800000) AS\nSELECT k, `price`, `size` -- in base; currency\nFROM coinbase_full WHERE `type` = 'match' EMIT CHANGES;";
export const bars =
  "CREATE TABLE coinbase_bars_1m WITH (KAFKA_TOPIC = 'coinbase_bars_1m', PARTITIONS = 6, RETENTION_MS = 604800000) AS SELECT k, COUNT(*) AS `trades` FROM coinbase_trades WINDOW TUMBLING (SIZE 1 MINUTE, RETENTION 2 DAYS, GRACE PERIOD 1 DAY) WHERE `price` IS NOT NULL GROUP BY k EMIT CHANGES;";
export const all = [full, trades, bars];
export const desired = desiredOf(...all);
export const otherBars = desiredOf(full, trades, bars.replace("1 MINUTE", "30 SECONDS"));
export const names = ["COINBASE_FULL", "COINBASE_TRADES", "COINBASE_BARS_1M"];

type Against = [
  fake: Awaited<ReturnType<typeof startFakeKsqldb>>,
  files?: typeof desired,
  options?: Parameters<typeof runAgainst>[3],
];
export const plan = (...[fake, files = desired, options]: Against) => runAgainst(fake, "plan", files, options);
export const apply = (...[fake, files = desired, options]: Against) => runAgainst(fake, "apply", files, options);
export const destroy = (...[fake, files = desired, options]: Against) => runAgainst(fake, "destroy", files, options);

export const actions = ({ report }: Awaited<ReturnType<typeof runAgainst>>) =>
  report?.steps.map(({ action, name }) => `${action} ${name}`) ?? [];

/** A server that runs the statements. */
export async function running(...statements: readonly string[]) {
  const fake = await startFakeKsqldb();
  fake.run(...(statements.length > 0 ? statements : all));
  return fake;
}
