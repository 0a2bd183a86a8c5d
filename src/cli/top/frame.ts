/** One picture of a gateway as lines of text: totals, uploads, services, failures. Text of others is printable in it. */
import type { FailureGroup, HealthDocument, Service, Upload, UploadsDocument } from '../../view/documents.ts';
import { rate, seconds } from './figures.ts';
import { cut } from './printable.ts';
import { uploadsTable } from './uploads-table.ts';

export interface Line {
  readonly text: string;
  readonly style?: 'title' | 'heading' | 'bad';
}

export interface Documents {
  readonly uploads: UploadsDocument;
  readonly health: HealthDocument;
}

export const ORDERS = ['age', 'rate', 'received', 'waiting'] as const;
export type Order = (typeof ORDERS)[number];

const VALUES: Readonly<Record<Order, (upload: Upload) => number>> = {
  age: ({ age_seconds }) => age_seconds,
  rate: ({ bytes_per_second }) => bytes_per_second,
  received: ({ received_bytes }) => received_bytes,
  waiting: ({ waiting_seconds }) => waiting_seconds ?? -1,
};

const MOST_FAILURES = 8;

export interface FrameOptions {
  /** In columns. */
  readonly width: number;
  /** In lines; undefined for all of them. */
  readonly height?: number | undefined;
  readonly order?: Order;
  /** The first upload that is shown. */
  readonly from?: number;
}

export function frame({ uploads, health }: Documents, options: FrameOptions): readonly Line[] {
  const { width, height, order = 'age', from = 0 } = options;
  const sorted = uploads.uploads.toSorted((one, other) => VALUES[order](other) - VALUES[order](one));
  const below = [...servicesOf(health, uploads.at), ...failuresOf(health)];
  const room = height === undefined ? sorted.length : Math.max(1, height - 3 - below.length);
  const table = uploadsTable(sorted.slice(from, from + room), width);
  const lines: Line[] = [
    { text: titleOf(uploads, health), style: 'title' },
    { text: table.heading, style: 'heading' },
    ...table.rows.map((text) => ({ text })),
    { text: hiddenOf(uploads.total, from, table.rows.length) },
    ...below,
  ];
  return lines.slice(0, height).map(({ text, ...style }) => ({ text: cut(text, width), ...style }));
}

function titleOf({ total, bytes_per_second }: UploadsDocument, { version, ready, workers }: HealthDocument): string {
  const processes = workers === null ? '' : `, ${workers.running} of ${workers.wanted} workers`;
  return `mizuchi-uploadr ${version}: ${ready}, ${total} in progress, ${rate(bytes_per_second)}${processes}`;
}

function hiddenOf(total: number, from: number, shown: number): string {
  if (total === 0) return 'No uploads in progress.';
  return shown < total ? `${from + 1} to ${from + shown} of ${total}` : '';
}

function servicesOf({ services }: HealthDocument, now: number): Line[] {
  if (services.length === 0) return [];
  return [{ text: 'SERVICES', style: 'heading' }, ...services.map((service) => lineOfService(service, now))];
}

const MARKS = { ok: '✓', failing: '✗', unused: '–' } as const;

function lineOfService(service: Service, now: number): Line {
  const { kind, name, target, state, breaker, last_error, latency } = service;
  const recent = latency.at(-1);
  const parts = [
    `${MARKS[state]} ${kind} ${name}${target === null ? '' : ` ${target}`}: ${state}`,
    recent && `${Math.round(recent.mean_seconds * 1000)} ms`,
    breaker !== null && breaker !== 'closed' && `breaker ${breaker.replace('_', ' ')}`,
    last_error &&
      `last error ${seconds(Math.max(0, now - last_error.at) / 1000)} ago: ${last_error.cause ?? last_error.type}`,
  ];
  const text = parts.filter((part) => typeof part === 'string').join(', ');
  return state === 'failing' ? { text, style: 'bad' } : { text };
}

function failuresOf({ failures }: HealthDocument): Line[] {
  if (failures.length === 0) return [];
  const hidden = failures.length - MOST_FAILURES;
  return [
    { text: 'FAILED IN THE LAST 15 MINUTES', style: 'heading' },
    ...failures.slice(0, MOST_FAILURES).map((group) => ({ text: textOfFailure(group) })),
    ...(hidden > 0 ? [{ text: `and ${hidden} more kinds` }] : []),
  ];
}

function textOfFailure({ count, side, error_type, reason, examples }: FailureGroup): string {
  const [newest] = examples;
  const what = `${count} × ${side} ${error_type}${reason === null ? '' : ` (${reason})`}`;
  return newest === undefined ? what : `${what}: ${newest.bucket ?? '–'}/${newest.key ?? '–'}: ${newest.message}`;
}
