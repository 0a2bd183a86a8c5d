/** The alert that pages: every failure of the store, some of the gateway, none of the client. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { it } from 'node:test';
import { FAILURES } from '../../../src/domain/failures.ts';

const ALERTS = new URL('../../../deploy/prometheus/alerts.yaml', import.meta.url);

it('pages for failures of the store and the gateway, and never for mistakes of clients', () => {
  const paging = new RegExp(
    `^(?:${/mizuchi_uploads_total\{result=~"([^"]+)"/.exec(readFileSync(ALERTS, 'utf8'))![1]})$`,
  );
  for (const [type, { side }] of Object.entries(FAILURES)) {
    if (side === 'client') assert.ok(!paging.test(type), `${type} is a mistake of the client`);
    if (side === 'store') assert.match(type, paging);
  }
});
