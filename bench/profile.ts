/** Where a stretch of work spends its time: the share of each part of the code in the samples of V8's profiler. */
import { Session, type Profiler } from "node:inspector";

export interface Share {
  readonly part: string;
  readonly share: number;
}

/** Runs `work` under the profiler; the parts of this thread's time, largest first. Time of other threads is not in it. */
export async function profiled(work: () => Promise<void>): Promise<Share[]> {
  const session = new Session();
  session.connect();
  await post(session, "Profiler.enable");
  await post(session, "Profiler.start");
  await work();
  const { profile } = (await post(session, "Profiler.stop")) as { profile: Profiler.Profile };
  session.disconnect();
  const parts = new Map<number, string>();
  // Parents come first. What has no source, as a call into a native library, counts with its caller.
  for (const { id, callFrame, children } of profile.nodes) {
    const part = partOf(callFrame) ?? parts.get(id) ?? callFrame.functionName;
    parts.set(id, part);
    for (const child of children ?? []) parts.set(child, part);
  }
  const samples = new Map<string, number>();
  for (const id of profile.samples ?? []) samples.set(parts.get(id)!, (samples.get(parts.get(id)!) ?? 0) + 1);
  const total = profile.samples?.length ?? 1;
  return [...samples].map(([part, count]) => ({ part, share: count / total })).toSorted((a, b) => b.share - a.share);
}

function partOf({ url, functionName }: { url: string; functionName: string }): string | undefined {
  const library = /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url);
  if (library !== null) return library[1]!;
  const own = /(?:schemas|topics|producer|engine|ksqldb|sql|exchange|local|program|bench)\/[\w/-]+\.ts/.exec(url);
  if (own !== null) return own[0];
  return functionName.startsWith("(") ? functionName : undefined;
}

function post(session: Session, method: string): Promise<unknown> {
  return new Promise((resolve, reject) =>
    session.post(method, (error: Error | null, result: unknown) => (error ? reject(error) : resolve(result))),
  );
}
