/** Object keys do not appear in the live view, whatever becomes of the request, and whatever clients and stores write into messages. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { HealthDocument, TracesDocument } from '../../src/view/documents.ts';
import { send } from '../support/http-client.ts';
import { answerWell, type Behaviour, RawStore } from '../support/raw-store.ts';
import { startGateway, type TestGateway } from '../support/start-gateway.ts';

/** Each has the word `patient` or its percent-encoded form. */
const KEYS = [
  'patients/alice (2026).pdf',
  'patient größe/日本/😀.bin',
  '"patient"\\and\\escaped',
  "patient's <b>&amp; bold</b>",
  'patient.*+?^$()|[]{}',
  'patient 100%41%2f',
  `patient ${'長'.repeat(40)}`,
];
/** A store that writes the key into its message, as it is in the request. */
const refusing: Behaviour = (request, response) => {
  request.resume();
  const message = `The key ${decodeURI(request.url!.replace(/\?.*/, ''))} is reserved: ${request.url}`;
  const text = message.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
  response.writeHead(400, { 'content-type': 'application/xml' });
  response.end(`<Error><Code>InvalidRequest</Code><Message>${text}</Message><Resource>${text}</Resource></Error>`);
};

describe('the live view without show_keys', () => {
  let store: RawStore;
  let gateway: TestGateway;

  before(async () => {
    store = await RawStore.start();
    gateway = await startGateway({
      storeUrl: store.url,
      tracing: { enabled: true, otlp: { endpoint: 'http://127.0.0.1:1' }, subject: 'plain' },
      admin: { port: 0, view: true },
    });
  });
  after(async () => {
    await gateway.close();
    await store.close();
  });

  const read = async (path: string): Promise<string> =>
    (await fetch(`http://127.0.0.1:${gateway.app.adminPort}${path}`)).text();

  /** All that the view has about the last request. */
  async function everything(): Promise<string> {
    const traces = await read('/api/traces');
    const { requests } = JSON.parse(traces) as TracesDocument;
    const spans = await read(`/api/traces/${requests[0]!.trace_id}`);
    assert.match(spans, /"http\.server\.request"/);
    return traces + spans + (await read('/api/health')) + (await read('/api/uploads'));
  }

  const PLACES: Record<
    string,
    { behaviour: Behaviour; method: string; path: (key: string) => string; status: RegExp }
  > = {
    'of stored objects': { behaviour: answerWell, method: 'PUT', path: (key) => `/uploads/${key}`, status: /200/ },
    'of objects that the store refuses': {
      behaviour: refusing,
      method: 'PUT',
      path: (key) => `/uploads/${key}`,
      status: /4../,
    },
    'of refused requests': { behaviour: answerWell, method: 'GET', path: (key) => `/uploads/${key}`, status: /40./ },
    'of refused listings': {
      behaviour: answerWell,
      method: 'GET',
      path: (key) => `/uploads/?prefix=${key}`,
      status: /403/,
    },
    'in paths without a bucket': { behaviour: answerWell, method: 'PUT', path: (key) => `/${key}`, status: /404/ },
    'in malformed paths': { behaviour: answerWell, method: 'PUT', path: (key) => `/uploads/${key}%zz`, status: /400/ },
    'in ambiguous paths': {
      behaviour: answerWell,
      method: 'PUT',
      path: (key) => `/uploads/x/../${key}`,
      status: /400/,
    },
  };

  for (const [place, { behaviour, method, path, status }] of Object.entries(PLACES)) {
    it(`shows no keys ${place}`, async () => {
      store.behaviour = behaviour;
      for (const key of KEYS) {
        const encoded = encodeURIComponent(key).replaceAll('%2F', '/');
        const target = path(encoded);
        const agent = { 'user-agent': `agent ${target.replace(/^\/(uploads\/)?|\?.*/gs, '')}` };
        const response = await send(gateway.url, method, target, method === 'PUT' ? 'text' : undefined, agent);
        assert.match(String(response.status), status, `${key}: ${response.body}`);
        const shown = await everything();
        assert.doesNotMatch(shown, /patient|%70%61%74|alice|bold|escaped|größe|gr%C3|長|%E9%95%B7/i, key);
      }
    });
  }

  it('has the failures as examples', async () => {
    const { failures } = JSON.parse(await read('/api/health')) as HealthDocument;
    assert.ok(failures.length >= 4);
  });
});
