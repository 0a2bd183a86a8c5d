/** Copies of the alerts and the dashboard in the Helm chart, because Helm reads no file outside of a chart. */
import { readFileSync } from 'node:fs';

const CHART = 'deploy/helm/mizuchi-uploadr/files';

const copyOf = (source: string) => () => readFileSync(new URL(`../../deploy/${source}`, import.meta.url), 'utf8');

export const CHART_FILES = [
  { file: `${CHART}/alerts.yaml`, render: copyOf('prometheus/alerts.yaml') },
  { file: `${CHART}/dashboard.json`, render: copyOf('grafana/mizuchi-uploadr.json') },
];
