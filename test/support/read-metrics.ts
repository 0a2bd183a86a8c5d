/** The metrics of a gateway, as numbers. */

/** Sum of all series of one metric, or of those with a label such as `signal="logs"`. */
export type ReadMetrics = (name: string, label?: string) => number;

export async function readMetrics(url: string): Promise<ReadMetrics> {
  const text = await (await fetch(url)).text();
  return (name, label) => {
    const labels = label === undefined ? '(?:\\{[^}]*\\})?' : `\\{(?:[^}]*,)?${label}[^}]*\\}`;
    const series = text.matchAll(new RegExp(`^${name}${labels} (\\S+)$`, 'gm'));
    return [...series].reduce((sum, [, value]) => sum + Number(value), 0);
  };
}
