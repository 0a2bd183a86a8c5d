/** Hooks that read the live data. */
import { createContext } from 'preact';
import { useContext, useEffect, useState } from 'preact/hooks';
import { type Live, LiveData } from './live-data.ts';

export const LiveContext = createContext(new LiveData());

export function useLive(): Live {
  const data = useContext(LiveContext);
  const [live, setLive] = useState(data.live);
  useEffect(() => {
    const update = (): void => setLive(data.live);
    // It may have changed between the rendering and this effect.
    update();
    return data.subscribe(update);
  }, [data]);
  return live;
}
