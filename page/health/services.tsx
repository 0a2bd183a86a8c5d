/** The services that the gateway uses, one card each. */
import type { Service } from '../../src/view/documents.ts';
import { showAge, showSeconds } from '../format.ts';
import { traceAddress } from '../route.ts';
import { Sparkline } from './sparkline.tsx';

const KINDS = {
  store: 'Store',
  identity: 'Identity provider',
  policy: 'Policy engine',
  collector: 'Collector',
} as const;

const STATES = {
  ok: ['✓', 'ok', 'good'],
  failing: ['✕', 'failing', 'failed'],
  unused: ['○', 'unused', 'muted'],
} as const;

export function Services({ services, now }: { readonly services: readonly Service[]; readonly now: number }) {
  return (
    <section aria-labelledby="services">
      <h2 id="services">Services</h2>
      <div class="services">
        {services.map((service) => (
          <ServiceCard key={`${service.kind} ${service.name}`} service={service} now={now} />
        ))}
      </div>
    </section>
  );
}

const ago = (at: number, now: number): string => `${showAge((now - at) / 1000)} ago`;

function ServiceCard({ service, now }: { readonly service: Service; readonly now: number }) {
  const [sign, state, className] = STATES[service.state];
  const last = service.latency.at(-1);
  // Exports are not measured.
  const isMeasured = service.kind !== 'collector';
  return (
    <article class={`card service service-${service.state}`}>
      <header>
        <h3>
          <span class="muted">{KINDS[service.kind]}</span> <bdi>{service.name}</bdi>
        </h3>
        <span class={`state ${className}`}>
          <span aria-hidden="true">{sign}</span> {state}
        </span>
      </header>
      <p class="target code">{service.target ?? 'unknown address'}</p>
      {isMeasured && <Sparkline points={service.latency} now={now} />}
      <dl class="facts">
        {isMeasured && <dt>latency</dt>}
        {isMeasured && (
          <dd class="number">
            {last === undefined
              ? 'no calls'
              : `${showSeconds(last.mean_seconds)}, at most ${showSeconds(last.max_seconds)}`}
          </dd>
        )}
        <dt>last success</dt>
        <dd class="number">{service.last_success_at === null ? 'never' : ago(service.last_success_at, now)}</dd>
        <dt>last error</dt>
        <dd>
          <LastError service={service} now={now} />
        </dd>
        {service.breaker !== null && <dt>circuit breaker</dt>}
        {service.breaker !== null && (
          <dd class={service.breaker === 'closed' ? '' : 'failed'}>{service.breaker.replace('_', ' ')}</dd>
        )}
      </dl>
    </article>
  );
}

function LastError({ service: { last_error: error }, now }: { readonly service: Service; readonly now: number }) {
  if (error === null) return <span class="muted">none</span>;
  return (
    <>
      {error.type}
      {error.cause !== null && <bdi> ({error.cause})</bdi>} <span class="number muted">{ago(error.at, now)}</span>{' '}
      {error.trace_id !== null && <a href={traceAddress(error.trace_id)}>trace</a>}
    </>
  );
}
