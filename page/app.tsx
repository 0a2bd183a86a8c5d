/** The frame of the page: views, the state of the connection, and the form for a token. */
import { useEffect, useRef } from 'preact/hooks';
import { ConfigView } from './config/config-view.tsx';
import { ConnectionState, LostConnection } from './connection-state.tsx';
import type { Live } from './data/live-data.ts';
import { useLive } from './data/use-live.ts';
import { HealthView } from './health/health-view.tsx';
import { Empty } from './parts/empty.tsx';
import { type Route, useRoute, VIEWS, type ViewName } from './route.ts';
import { TokenForm } from './token-form.tsx';
import { TraceList } from './traces/trace-list.tsx';
import { TraceView } from './traces/trace-view.tsx';
import { UploadsView } from './uploads/uploads-view.tsx';

const TITLES: Record<ViewName, string> = {
  uploads: 'In flight',
  traces: 'Traces',
  health: 'Health',
  config: 'Configuration',
};

export function App() {
  const live = useLive();
  const route = useRoute();
  useEffect(() => {
    document.title = `${TITLES[route.view]} · Mizuchi Uploadr`;
  }, [route.view]);
  useFocus(`${route.view} ${route.traceId}`);
  return (
    <>
      <SkipLink />
      <header class="top">
        <span class="brand">
          <Mark /> Mizuchi Uploadr <span class="version">{live.view?.version}</span>
        </span>
        <nav aria-label="Views">
          {VIEWS.map((view) => (
            <a key={view} href={`#/${view}`} aria-current={view === route.view ? 'page' : undefined}>
              {TITLES[view]} <Count view={view} live={live} />
            </a>
          ))}
        </nav>
        <ConnectionState connection={live.connection} />
      </header>
      <main id="main" tabIndex={-1} class={live.connection.state === 'live' ? '' : 'stale'}>
        <LostConnection live={live} />
        {live.connection.state === 'unauthorized' ? (
          <TokenForm isRefused={live.connection.isRefused} />
        ) : (
          <View route={route} live={live} />
        )}
      </main>
    </>
  );
}

/** Focuses the content of another view if the focused link is not in it, so that screen readers notice the change. */
function useFocus(address: string): void {
  const shown = useRef(address);
  useEffect(() => {
    if (shown.current === address) return;
    shown.current = address;
    if (document.activeElement === document.body) document.getElementById('main')?.focus();
  }, [address]);
}

function View({ route, live }: { readonly route: Route; readonly live: Live }) {
  if (route.view === 'health') return <HealthView />;
  if (route.view === 'config') return <ConfigView />;
  if (route.view === 'uploads') return <UploadsView />;
  if (route.traceId !== undefined) return <TraceView key={route.traceId} traceId={route.traceId} />;
  return live.traces === undefined ? <Empty title="Loading …" /> : <TraceList traces={live.traces} />;
}

function Count({ view, live: { uploads, traces, health } }: { readonly view: ViewName; readonly live: Live }) {
  if (view === 'uploads' && uploads !== undefined) return <span class="count number">{uploads.total}</span>;
  if (view === 'traces' && traces !== undefined) return <span class="count number">{traces.requests.length}</span>;
  const failing = health?.services.filter(({ state }) => state === 'failing').length ?? 0;
  if (view !== 'health' || failing === 0) return null;
  return <span class="count count-failed number">{failing} failing</span>;
}

/** A link would change the fragment of the address, which names the view. */
function SkipLink() {
  return (
    <button type="button" class="skip-link" onClick={() => document.getElementById('main')?.focus()}>
      Skip to the content
    </button>
  );
}

function Mark() {
  return (
    <svg class="mark" viewBox="0 0 32 32" width="24" height="24" aria-hidden="true">
      <rect width="32" height="32" rx="8" class="mark-ground" />
      <path class="mark-arrow" d="M16 5.5 9 13h4.2v6.5h5.6V13H23z" />
      <path class="mark-wave" d="M5.5 24.5c2.6-2.4 5.2-2.4 7.8 0s5.2 2.4 7.8 0 3.6-2.2 5.4-.9" />
    </svg>
  );
}
