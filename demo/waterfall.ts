/** Draws one trace as a waterfall: the spans as a tree, each with its bar in time, its duration, and its main attributes. */
import type { Paint } from './paint.ts';
import type { ReceivedSpan } from './received-span.ts';

interface Row {
  readonly span: ReceivedSpan;
  /** The tree's branches before the name. */
  readonly branch: string;
}

const BAR_WIDTH = 24;

/** @returns the lines, without a heading. */
export function drawWaterfall(spans: readonly ReceivedSpan[], paint: Paint): string[] {
  const rows = treeOf(spans);
  const start = spans.reduce((min, { start }) => (start < min ? start : min), spans[0]!.start);
  const end = spans.reduce((max, { end }) => (end > max ? end : max), spans[0]!.end);
  const nameWidth = Math.max(...rows.map(({ span, branch }) => branch.length + span.name.length));
  return rows.map(({ span, branch }) => {
    const name = paint.dim(branch) + nameOf(span, paint) + ' '.repeat(nameWidth - branch.length - span.name.length);
    const bar = span.failed ? paint.red(barOf(span, start, end)) : paint.cyan(barOf(span, start, end));
    return `  ${name}  ${bar}  ${durationOf(span).padStart(9)}  ${detailsOf(span, paint)}`.trimEnd();
  });
}

function nameOf(span: ReceivedSpan, paint: Paint): string {
  return span.failed ? paint.red(span.name) : span.name;
}

function treeOf(spans: readonly ReceivedSpan[]): Row[] {
  const ids = new Set(spans.map(({ spanId }) => spanId));
  const inOrder = [...spans].sort((a, b) => Number(a.start - b.start));
  const rows: Row[] = [];
  const visit = (span: ReceivedSpan, branch: string, indent: string): void => {
    rows.push({ span, branch });
    const children = inOrder.filter(({ parentSpanId }) => parentSpanId === span.spanId);
    for (const [i, child] of children.entries()) {
      const last = i === children.length - 1;
      visit(child, `${indent}${last ? '└ ' : '├ '}`, `${indent}${last ? '  ' : '│ '}`);
    }
  };
  for (const span of inOrder) if (!ids.has(span.parentSpanId)) visit(span, '', '');
  return rows;
}

function barOf(span: ReceivedSpan, start: bigint, end: bigint): string {
  const total = Number(end - start) || 1;
  const from = Math.min(BAR_WIDTH - 1, Math.floor((Number(span.start - start) / total) * BAR_WIDTH));
  const length = Math.max(1, Math.round((Number(span.end - span.start) / total) * BAR_WIDTH));
  const shown = Math.min(length, BAR_WIDTH - from);
  return '·'.repeat(from) + '█'.repeat(shown) + '·'.repeat(BAR_WIDTH - from - shown);
}

function durationOf({ start, end }: ReceivedSpan): string {
  const millis = Number(end - start) / 1e6;
  return millis < 1000 ? `${millis.toFixed(1)} ms` : `${(millis / 1000).toFixed(2)} s`;
}

/** What matters of the attributes, in words. */
function detailsOf(span: ReceivedSpan, paint: Paint): string {
  const { attributes } = span;
  const words: string[] = [];
  if (span.name === 'http.server.request')
    words.push(`${attributes.get('http.request.method')} ${attributes.get('url.path')}`);
  if (span.name === 's3.upload') words.push(String(attributes.get('s3.operation')));
  if (span.name === 'auth.verify') words.push(`${attributes.get('auth.method')} ${attributes.get('auth.result')}`);
  const part = attributes.get('aws.s3.part_number');
  if (span.name === 's3.upload' && part !== undefined) words.push(`part ${part}`);
  const status = attributes.get('http.response.status_code');
  if (status !== undefined) words.push(Number(status) < 400 ? paint.green(`→ ${status}`) : paint.red(`→ ${status}`));
  const size = attributes.get('upload.size_bytes');
  const received = attributes.get('upload.received_bytes');
  if (size !== undefined)
    words.push(
      size === received ? bytesText(Number(size)) : `${bytesText(Number(received ?? 0))} of ${bytesText(Number(size))}`,
    );
  if (span.name === 's3.upload') words.push(paint.dim(waitsOf(attributes)));
  const error = attributes.get('error.type');
  if (error !== undefined) words.push(paint.red(`✗ ${error}`));
  const reason = span.statusMessage || attributes.get('auth.reason') || attributes.get('s3.error.message');
  if (error !== undefined && reason !== undefined && span.name !== 's3.upload') words.push(paint.dim(String(reason)));
  return words.join(' ');
}

function waitsOf(attributes: ReceivedSpan['attributes']): string {
  const millis = (name: string): string => `${(Number(attributes.get(name) ?? 0) * 1000).toFixed(1)} ms`;
  return `waited ${millis('upload.client_wait_seconds')} for the client, ${millis('upload.store_wait_seconds')} for the store`;
}

export function bytesText(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  if (bytes < 1024 ** 2) return `${(bytes / 1024).toFixed(1)} KiB`;
  return `${(bytes / 1024 ** 2).toFixed(1)} MiB`;
}
