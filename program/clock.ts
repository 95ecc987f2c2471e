/** The wall clock with microseconds: Date.now() alone has milliseconds. */

/** The wall clock at the zero of performance.now(), in milliseconds. */
let origin = 0;
let checkedAt = -Infinity;

/** Microseconds since 1970 at a time of performance.now(). Follows the system's clock, which may be set, within a second. */
export function microseconds(now = performance.now()): number {
  if (now - checkedAt > 1000) {
    checkedAt = now;
    const drift = Date.now() - (origin + now);
    // Date.now() is cut at milliseconds: a difference below one is not drift.
    if (drift < 0 || drift >= 1) origin += drift;
  }
  return Math.floor((origin + now) * 1000);
}
