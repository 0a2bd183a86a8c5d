/** Hooks that read the live data. */
import { createContext } from 'preact';
import { useContext, useEffect, useState } from 'preact/hooks';
import { type Live, LiveData } from './live-data.ts';

export const LiveContext = createContext(new LiveData());

export function useLive(): Live {
  const data = useContext(LiveContext);
  const [live, setLive] = useState(data.live);
  useEffect(() => data.subscribe(() => setLive(data.live)), [data]);
  return live;
}
