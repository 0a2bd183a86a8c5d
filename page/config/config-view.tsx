/** The configuration in use: each setting with its value and its source, and whether the file on disk differs. */
import { useEffect, useState } from 'preact/hooks';
import type { ConfigDocument, Setting } from '../../src/view/documents.ts';
import { getJson } from '../data/api.ts';
import { useLive } from '../data/use-live.ts';
import { Empty } from '../parts/empty.tsx';
import { FilterBox } from '../parts/filter-box.tsx';
import { textFilter } from '../parts/filter-text.ts';

/** How often the file on disk is compared. */
const REFRESH_MILLIS = 10_000;

function useConfig(): ConfigDocument | string | undefined {
  const { connection } = useLive();
  const [config, setConfig] = useState<ConfigDocument | string>();
  useEffect(() => {
    if (connection.state !== 'live') return;
    const load = (): void =>
      void getJson<ConfigDocument>('api/config').then(setConfig, (error: Error) => setConfig(error.message));
    load();
    const timer = setInterval(load, REFRESH_MILLIS);
    return () => clearInterval(timer);
  }, [connection.state]);
  return config;
}

export function ConfigView() {
  const config = useConfig();
  const [filter, setFilter] = useState('');
  const [isSetOnly, setSetOnly] = useState(false);
  if (config === undefined) return <Empty title="Loading …" />;
  if (typeof config === 'string') return <Empty title={config} />;
  const matches = textFilter(filter);
  const settings = config.settings.filter(
    ({ path, value, source, is_set }) => (is_set || !isSetOnly) && matches([path, value, source]),
  );
  return (
    <>
      <h1 class="visually-hidden">Configuration</h1>
      <FileState config={config} />
      <div class="toolbar">
        <FilterBox label="Filter settings" value={filter} onChange={setFilter} />
        <label class="check">
          <input type="checkbox" checked={isSetOnly} onChange={(event) => setSetOnly(event.currentTarget.checked)} />
          without defaults
        </label>
      </div>
      {settings.length === 0 ? (
        <Empty title="No setting matches the filter" />
      ) : (
        <Settings settings={settings} changed={new Set(config.changed)} />
      )}
    </>
  );
}

function FileState({ config: { file, differs, changed, problem } }: { readonly config: ConfigDocument }) {
  if (file === null)
    return <p class="card note">The configuration is that of a program which embeds the gateway. It has no file.</p>;
  if (differs !== true)
    return (
      <p class="card note">
        <span class="good" aria-hidden="true">
          ✓
        </span>{' '}
        The configuration in use is that of <span class="code">{file}</span>.
      </p>
    );
  return (
    <div class="card note warning" role="status">
      <p>
        <b>The file on disk differs from the configuration in use:</b> <span class="code">{file}</span>
      </p>
      {problem !== null && (
        <p>
          The file cannot be used: <bdi>{problem}</bdi>
        </p>
      )}
      <p>To use the file, reload the gateway (SIGHUP). If settings are still listed then, restart it.</p>
      {changed.length > 0 && (
        <ul>
          {changed.map((path) => (
            <li key={path} class="code">
              {path}
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

interface SettingsProps {
  readonly settings: readonly Setting[];
  readonly changed: ReadonlySet<string>;
}

function Settings({ settings, changed }: SettingsProps) {
  return (
    <table class="card plain settings" aria-label="Settings">
      <thead>
        <tr>
          <th scope="col">Setting</th>
          <th scope="col">Value</th>
          <th scope="col">Source</th>
        </tr>
      </thead>
      <tbody>
        {settings.map(({ path, value, source, is_set }) => (
          <tr key={path} class={is_set ? 'is-set' : 'is-default'}>
            <th scope="row" class="code">
              {path}
              {changed.has(path) && <span class="tag">differs</span>}
            </th>
            <td class="code">
              <bdi>{value}</bdi>
            </td>
            <td>{source}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
