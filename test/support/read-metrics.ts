/** The metrics of a gateway, as numbers. */

/** Sum of all series of one metric. */
export type ReadMetrics = (name: string) => number;

export async function readMetrics(url: string): Promise<ReadMetrics> {
  const text = await (await fetch(url)).text();
  return (name) =>
    [...text.matchAll(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, 'gm'))].reduce(
      (sum, [, value]) => sum + Number(value),
      0,
    );
}
