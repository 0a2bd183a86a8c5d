/**
 * The end of all telemetry, under one deadline: spans and metrics side by side, and the log last, for it may have to say what
 * became of them. Whoever stops a gateway (Kubernetes, systemd) waits once, not once for each signal.
 */

/** Milliseconds for all of it. */
const ALL_MILLIS = 5_000;
/** Of those, what the log has at least. */
const LOG_MILLIS = 1_000;

/** Delivers what is still held. Takes no longer than so many milliseconds, never rejects. */
export type Ending = (millis: number) => Promise<void>;

/** Takes at most 5 s. @param endLog undefined where the log is somebody else's. */
export async function endTelemetry(endings: readonly Ending[], endLog: Ending | undefined): Promise<void> {
  const endsAt = performance.now() + ALL_MILLIS;
  await Promise.all(endings.map((end) => end(ALL_MILLIS - LOG_MILLIS)));
  await endLog?.(endsAt - performance.now());
}
