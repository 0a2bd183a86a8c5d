/** Starts the page of the live view. */
import { render } from 'preact';
import { App } from './app.tsx';
import { LiveData } from './data/live-data.ts';
import { LiveContext } from './data/use-live.ts';

const data = new LiveData();
void data.connect();
render(
  <LiveContext.Provider value={data}>
    <App />
  </LiveContext.Provider>,
  document.getElementById('page')!,
);
