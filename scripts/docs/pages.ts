/** The generated pages and files. To add one, add a line. */
import { renderBrowsers } from './browsers.ts';
import { CHART_FILES } from './chart-files.ts';
import { renderClients } from './clients.ts';
import { renderConfiguration } from './configuration.ts';
import { renderErrors } from './errors.ts';
import { renderHeaders } from './headers.ts';
import { renderLogs } from './logs.ts';
import { renderMetrics } from './metrics.ts';
import { renderTracing } from './tracing.ts';
import { renderTroubleshooting } from './troubleshooting.ts';
import { renderVariables } from './variables.ts';
import { renderViewApi } from './view-api/page.ts';
import { renderViewSchema } from './view-api/schema.ts';

export interface Page {
  /** From the root of the project. */
  readonly file: string;
  readonly render: () => string;
}

export const PAGES: readonly Page[] = [
  { file: 'docs/browsers.md', render: renderBrowsers },
  { file: 'docs/clients.md', render: renderClients },
  { file: 'docs/configuration.md', render: renderConfiguration },
  { file: 'docs/errors.md', render: renderErrors },
  { file: 'docs/headers.md', render: renderHeaders },
  { file: 'docs/logs.md', render: renderLogs },
  { file: 'docs/metrics.md', render: renderMetrics },
  { file: 'docs/TRACING.md', render: renderTracing },
  { file: 'docs/troubleshooting.md', render: renderTroubleshooting },
  { file: 'docs/variables.md', render: renderVariables },
  { file: 'docs/view-api.md', render: renderViewApi },
  { file: 'docs/view-api.schema.json', render: renderViewSchema },
  ...CHART_FILES,
];
