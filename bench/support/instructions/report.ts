/** Counts as text: a table by purpose, and tracing as a share of an untraced upload. */
import { table } from '../table.ts';
import type { Costs } from './attribute-cost.ts';
import type { Count } from './count-uploads.ts';
import { PURPOSES, type Purpose } from './purposes.ts';

/** The largest shares of the instructions of an untraced upload. */
const AIMS = { all: 0.09, serving: 0.07 };

/** Compilation and collections depend on time. They are listed, and not part of any sum. */
export function isCounted(purpose: Purpose): boolean {
  return purpose !== 'compiler' && purpose !== 'collections';
}

export function sumOf(costs: Costs): number {
  return PURPOSES.filter(isCounted).reduce((sum, purpose) => sum + costs[purpose], 0);
}

export function reportText(counts: readonly Count[]): string {
  const hasNoise = counts[1]?.name === 'again';
  const row = (name: string, of: (count: Count) => number | undefined): string[] => [
    name,
    ...counts.map((count) => thousands(of(count))),
    hasNoise ? noiseText(counts.slice(0, 2).map(of)) : '',
  ];
  const rows = [
    ['serving thread', ...counts.map(({ name }) => name), hasNoise ? 'again by untraced' : ''],
    ...PURPOSES.filter(isCounted).map((purpose) => row(purpose, ({ serving }) => serving[purpose])),
    row('sum', ({ serving }) => sumOf(serving)),
    row('exporter thread', ({ exporter }) => exporter && sumOf(exporter)),
    row("V8's and libuv's threads", ({ others }) => sumOf(others)),
    row('collections, all threads', (count) => inAllThreads(count, 'collections')),
    row('compiler, all threads', (count) => inAllThreads(count, 'compiler')),
  ];
  const title = 'thousands of instructions of user space per upload, objects of 1 KiB, SigV4, OPA';
  return [`${title}\n`, table(rows), ...tracingTexts(counts)].join('\n');
}

function noiseText([first = 0, second = 0]: readonly (number | undefined)[]): string {
  return first === 0 ? '' : `×${(second / first).toFixed(3)}`;
}

function inAllThreads({ serving, exporter, others }: Count, purpose: Purpose): number {
  return serving[purpose] + (exporter?.[purpose] ?? 0) + others[purpose];
}

function thousands(instructions: number | undefined): string {
  return instructions === undefined ? '' : (instructions / 1000).toFixed(1);
}

/**
 * Tracing is all of its purpose and of its thread, and what the log and the client take more: fields with ids, and header checks
 * for the headers that carry the trace.
 */
function tracingTexts(counts: readonly Count[]): string[] {
  const bases = counts.filter(({ exporter }) => exporter === undefined).map(({ serving }) => serving);
  const base = (of: (costs: Costs) => number): number => bases.reduce((sum, one) => sum + of(one), 0) / bases.length;
  return counts.flatMap(({ name, serving, exporter }) => {
    if (exporter === undefined) return [];
    const more = (['log', 'client'] as const).map((purpose) => serving[purpose] - base((costs) => costs[purpose]));
    const main = serving.tracing + more[0]! + more[1]!;
    const all = main + sumOf(exporter);
    const parts = `${thousands(serving.tracing)} k own, ${thousands(more[0])} k log, ${thousands(more[1])} k client`;
    const texts = [
      `${shareText(main / base(sumOf), 'the serving thread', AIMS.serving)} (${parts})`,
      `${shareText(all / base(sumOf), 'all threads', AIMS.all)} (${thousands(sumOf(exporter))} k exporter thread)`,
    ];
    return texts.map((text) => `tracing over ${name}: ${text}`);
  });
}

function shareText(ratio: number, threads: string, aim: number): string {
  return `${percent(ratio)} of ${threads}, aim ≤ ${percent(aim)}: ${ratio <= aim ? 'met' : 'missed'}`;
}

function percent(ratio: number): string {
  return `${(ratio * 100).toFixed(1)} %`;
}

/** The functions that take the most, with all that counts for them. */
export function functionsText(counts: readonly Count[], number: number): string {
  if (number === 0) return '';
  return counts
    .map(({ name, functions }) => {
      const most = [...functions].sort(([, one], [, other]) => other - one).slice(0, number);
      return [name, ...most.map(([of, cost]) => `  ${thousands(cost).padStart(7)}  ${of}`)].join('\n');
    })
    .join('\n\n');
}
