/** The exchange's clock, and how it writes time. */

/** Microseconds of the wall clock, made strictly increasing. */
function wallClock(): () => number {
  let last = 0;
  return () => (last = Math.max(last + 1, Date.now() * 1000));
}

/** Writes microseconds since 1970 as the exchange does: six digits and `Z`. */
export function timeWriter(): (micros: number) => string {
  // Many events share a millisecond, and writing one costs more than the rest of an event.
  let written = { millis: Number.NaN, text: "" };
  return (micros) => {
    const millis = Math.floor(micros / 1000);
    if (millis !== written.millis) written = { millis, text: new Date(millis).toISOString().slice(0, -1) };
    return `${written.text}${String(micros % 1000).padStart(3, "0")}Z`;
  };
}

/** The time of the wall clock as the exchange writes it, never the same twice. */
export function exchangeTime(): () => string {
  const now = wallClock();
  const write = timeWriter();
  return () => write(now());
}
