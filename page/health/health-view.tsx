/** The health of the gateway and of the services that it uses. */
import type { HealthDocument } from '../../src/view/documents.ts';
import { useLive } from '../data/use-live.ts';
import { showAge, showDay } from '../format.ts';
import { Empty } from '../parts/empty.tsx';
import { useNow } from '../parts/use-now.ts';
import { Failures } from './failures.tsx';
import { Limits } from './limits.tsx';
import { Services } from './services.tsx';

export function HealthView() {
  const { health, loss } = useLive();
  const clock = useNow();
  if (health === undefined) return <Empty title="Loading …" />;
  // Without a connection, nothing is known of the time since then.
  const now = loss === undefined ? clock : health.at;
  return (
    <>
      <h1 class="visually-hidden">Health</h1>
      <Facts health={health} now={now} isLost={loss !== undefined} />
      <Services services={health.services} now={now} />
      <Failures failures={health.failures} now={now} />
      <div class="columns">
        <Limits limits={health.limits} />
        <Certificates health={health} />
      </div>
    </>
  );
}

interface FactsProps {
  readonly health: HealthDocument;
  readonly now: number;
  readonly isLost: boolean;
}

function Facts({ health, now, isLost }: FactsProps) {
  const { ready, version, started_at, workers } = health;
  return (
    <dl class="card gateway-facts">
      <div>
        <dt>Readiness</dt>
        {isLost ? (
          <dd class="muted">unknown</dd>
        ) : (
          <dd class={ready === 'ok' ? 'good' : 'failed'}>
            <span aria-hidden="true">{ready === 'ok' ? '✓' : '✕'}</span> {ready}
          </dd>
        )}
      </div>
      <div>
        <dt>Uptime</dt>
        <dd class="number">{showAge((now - started_at) / 1000)}</dd>
      </div>
      <div>
        <dt>Version</dt>
        <dd>{version}</dd>
      </div>
      <div>
        <dt>Workers</dt>
        <dd class="number">
          {workers === null ? 'none' : `${workers.running} of ${workers.wanted}, ${workers.failures} failed`}
        </dd>
      </div>
    </dl>
  );
}

/** Below this, a certificate needs attention. */
const FEW_DAYS = 14;

function Certificates({ health: { certificates } }: { readonly health: HealthDocument }) {
  if (certificates.length === 0) return null;
  return (
    <section aria-labelledby="certificates">
      <h2 id="certificates">Certificates</h2>
      <table class="card plain">
        <thead>
          <tr>
            <th scope="col">Use</th>
            <th scope="col">Expires</th>
            <th scope="col" class="right">
              Days left
            </th>
          </tr>
        </thead>
        <tbody>
          {certificates.map(({ use, expires_at, days_left }) => (
            <tr key={`${use} ${expires_at}`}>
              <td>{use}</td>
              <td>{showDay(expires_at)}</td>
              <td class={`right number ${days_left < FEW_DAYS ? 'failed' : ''}`}>
                {days_left < FEW_DAYS && <span aria-hidden="true">✕ </span>}
                {Math.floor(days_left)}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
