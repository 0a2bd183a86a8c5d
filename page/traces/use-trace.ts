/** The spans of one trace, requested again when a further request of the trace has ended. */
import { useEffect, useState } from 'preact/hooks';
import { get } from '../data/api.ts';
import { parseTrace, type Trace } from './otlp.ts';

export type Loaded =
  | { readonly state: 'loading' }
  | { readonly state: 'failed'; readonly message: string }
  /** @property text the OTLP request as the gateway sent it. */
  | { readonly state: 'loaded'; readonly trace: Trace; readonly text: string };

/** @param requests the number of requests of the trace that have ended. */
export function useTrace(traceId: string, requests: number): Loaded {
  const [loaded, setLoaded] = useState<Loaded & { readonly traceId?: string }>({ state: 'loading' });
  // A further request adds spans.
  useEffect(() => {
    let isCurrent = true;
    void load(traceId).then((result) => isCurrent && setLoaded({ ...result, traceId }));
    return () => {
      isCurrent = false;
    };
  }, [traceId, requests]);
  return loaded.traceId === traceId ? loaded : { state: 'loading' };
}

async function load(traceId: string): Promise<Loaded> {
  try {
    const response = await get(`api/traces/${traceId}`);
    const text = await response.text();
    return { state: 'loaded', text, trace: parseTrace(text) };
  } catch (error) {
    return { state: 'failed', message: (error as Error).message };
  }
}
