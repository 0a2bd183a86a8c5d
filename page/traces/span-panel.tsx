/** The details of one span: status, attributes, events and links. */
import { showSeconds } from '../format.ts';
import { traceAddress } from '../route.ts';
import type { Attribute, AttributeValue, Span } from './otlp.ts';

export function SpanPanel({ span }: { readonly span: Span }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: the keyboard must be able to scroll it
    <aside class="card span-panel" tabIndex={0} aria-label={`Span ${span.name}`}>
      <h2>
        <bdi>{span.name}</bdi>
      </h2>
      <dl class="facts">
        <dt>kind</dt>
        <dd>{span.kind}</dd>
        <dt>start</dt>
        <dd class="number">+{showSeconds(span.startSeconds)}</dd>
        <dt>duration</dt>
        <dd class="number">{showSeconds(span.durationSeconds)}</dd>
        <dt>status</dt>
        <dd>
          {span.isError ? <span class="failed">Error</span> : 'unset'}
          {span.statusMessage !== undefined && <bdi>: {span.statusMessage}</bdi>}
        </dd>
        <dt>span id</dt>
        <dd class="code">{span.id}</dd>
      </dl>
      <h3>Attributes</h3>
      <Attributes attributes={span.attributes} />
      {span.events.length > 0 && <Events span={span} />}
      {span.links.length > 0 && <Links links={span.links} />}
    </aside>
  );
}

const showValue = (value: AttributeValue): string =>
  typeof value === 'object' ? value.map((each) => showValue(each)).join(', ') : String(value);

function Attributes({ attributes }: { readonly attributes: readonly Attribute[] }) {
  if (attributes.length === 0) return <p class="muted">none</p>;
  const sorted = attributes.toSorted((a, b) => (a.key < b.key ? -1 : 1));
  return (
    <dl class="attributes">
      {sorted.map(({ key, value }) => (
        <div key={key}>
          <dt>{key}</dt>
          <dd>
            <bdi>{showValue(value)}</bdi>
          </dd>
        </div>
      ))}
    </dl>
  );
}

function Events({ span }: { readonly span: Span }) {
  return (
    <>
      <h3>Events</h3>
      <ol class="events">
        {span.events.map(({ name, atSeconds, attributes }, index) => (
          <li key={index}>
            <span class="number muted">+{showSeconds(atSeconds - span.startSeconds)}</span> {name}
            {attributes.length > 0 && <Attributes attributes={attributes} />}
          </li>
        ))}
      </ol>
    </>
  );
}

function Links({ links }: { readonly links: Span['links'] }) {
  return (
    <>
      <h3>Links</h3>
      <ul class="links">
        {links.map(({ traceId, spanId }) => (
          <li key={`${traceId} ${spanId}`}>
            <a class="code" href={traceAddress(traceId)}>
              {traceId}
            </a>
          </li>
        ))}
      </ul>
    </>
  );
}
