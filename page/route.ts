/** The view that the fragment of the address names: `#/uploads`, `#/traces/ID` and so on. */
import { useEffect, useState } from 'preact/hooks';

export const VIEWS = ['uploads', 'traces', 'health', 'config'] as const;

export type ViewName = (typeof VIEWS)[number];

export interface Route {
  readonly view: ViewName;
  readonly traceId: string | undefined;
}

export const traceAddress = (traceId: string): string => `#/traces/${traceId}`;

export function parseRoute(fragment: string): Route {
  const [, name, traceId] = fragment.split('/');
  const view = VIEWS.find((each) => each === name) ?? 'uploads';
  return { view, traceId: view === 'traces' && /^[0-9a-f]{32}$/.test(traceId ?? '') ? traceId : undefined };
}

export function useRoute(): Route {
  const [route, setRoute] = useState(() => parseRoute(location.hash));
  useEffect(() => {
    const change = (): void => setRoute(parseRoute(location.hash));
    addEventListener('hashchange', change);
    return () => removeEventListener('hashchange', change);
  }, []);
  return route;
}
