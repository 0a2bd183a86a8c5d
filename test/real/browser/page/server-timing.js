/** The trace of a request, as a page reads it from the timing of the resource. */
export function serverTimingOf(url) {
  const timings = performance.getEntriesByName(url).flatMap((entry) => entry.serverTiming ?? []);
  return timings.find(({ name }) => name === 'traceparent')?.description;
}
