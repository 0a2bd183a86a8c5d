/** One trace: its requests, its waterfall, and the details of a span. */
import { useState } from 'preact/hooks';
import type { RecentRequest } from '../../src/view/documents.ts';
import { useLive } from '../data/use-live.ts';
import { showBytes, showInstant, showSeconds } from '../format.ts';
import { CopyButton } from '../parts/copy-button.tsx';
import { Empty } from '../parts/empty.tsx';
import { ObjectName } from '../uploads/upload-row.tsx';
import type { Trace } from './otlp.ts';
import { isFailed, outcomeOf, Side, Status } from './outcome.tsx';
import { SpanPanel } from './span-panel.tsx';
import { spanTree } from './span-tree.ts';
import { traceLink } from './trace-link.ts';
import { useTrace } from './use-trace.ts';
import { Waterfall } from './waterfall.tsx';

export function TraceView({ traceId }: { readonly traceId: string }) {
  const { traces, view } = useLive();
  const requests = (traces?.requests ?? []).filter(({ trace_id }) => trace_id === traceId);
  const loaded = useTrace(traceId, requests.length);
  return (
    <>
      <p class="back">
        <a href="#/traces">← All traces</a>
      </p>
      <header class="trace-header">
        <h1>
          Trace <span class="code trace-id">{traceId}</span>
        </h1>
        <div class="buttons">
          <CopyButton label="Copy trace ID" text={() => traceId} />
          {loaded.state === 'loaded' && <CopyButton label="Copy as OTLP JSON" text={() => loaded.text} />}
          {loaded.state === 'loaded' && (
            <BackendLink template={view?.trace_url} traceId={traceId} trace={loaded.trace} />
          )}
        </div>
      </header>
      <Requests requests={requests.toReversed()} />
      {loaded.state === 'loading' && <Empty title="Loading …" />}
      {loaded.state === 'failed' && (
        <Empty title="No spans of this trace are available">
          <p>{loaded.message}</p>
        </Empty>
      )}
      {loaded.state === 'loaded' && <Spans trace={loaded.trace} />}
    </>
  );
}

/** More of them, such as the parts of a multipart upload, would hide the waterfall. Failed ones are always shown. */
const MOST_SHOWN = 2;

function Requests({ requests }: { readonly requests: readonly RecentRequest[] }) {
  const facts = (each: readonly RecentRequest[]) =>
    each.map((request) => <RequestFacts key={request.id} request={request} />);
  if (requests.length <= MOST_SHOWN) return <>{facts(requests)}</>;
  return (
    <>
      {facts(requests.filter(isFailed))}
      <details class="requests">
        <summary>{requests.length} requests of this trace</summary>
        {facts(requests.filter((request) => !isFailed(request)))}
      </details>
    </>
  );
}

function Spans({ trace }: { readonly trace: Trace }) {
  const [selected, setSelected] = useState<string>();
  const rows = spanTree(trace.spans);
  const { span } = rows.find((row) => row.span.id === selected) ?? rows[0]!;
  return (
    <div class="trace">
      <Waterfall trace={trace} selected={span.id} onSelect={setSelected} />
      <SpanPanel span={span} />
    </div>
  );
}

interface LinkProps {
  readonly template: string | null | undefined;
  readonly traceId: string;
  readonly trace: Trace;
}

function BackendLink({ template, traceId, trace }: LinkProps) {
  if (template === null || template === undefined) return null;
  const link = traceLink(template, traceId, trace.startedAt, trace.durationSeconds);
  if (link === undefined) return null;
  return (
    <a class="button" href={link.url} target="_blank" rel="noreferrer">
      Open in {link.host} ↗
    </a>
  );
}

function RequestFacts({ request }: { readonly request: RecentRequest }) {
  return (
    <section class="card request-facts" aria-label="Request">
      <Status request={request} />
      <span>
        {request.operation ?? request.method}
        {request.part_number !== null && ` part ${request.part_number}`}
      </span>
      <ObjectName bucket={request.bucket} name={request.key} unknown="(no bucket)" />
      <span class="muted">{outcomeOf(request)}</span>
      <span class="number">{showBytes(request.bytes)}</span>
      <span class="number">{showSeconds(request.duration_seconds)}</span>
      <span class="number muted">{showInstant(request.started_at)}</span>
      {request.side !== null && (
        <p class="failure">
          <Side side={request.side} /> <b>{request.error_type}</b>
          {request.reason !== null && ` (${request.reason})`}: <bdi>{request.message}</bdi>
        </p>
      )}
    </section>
  );
}
