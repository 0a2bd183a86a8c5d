/**
 * One key, one spelling, with real stores and real engines: a request is refused, or the key that the engine was asked about
 * is the only one that the store lists afterwards.
 */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { CreateBucketCommand, type S3Client } from '@aws-sdk/client-s3';
import { nameOf } from '../../../src/authz/openfga-names.ts';
import type { GatewayProcess } from '../../support/gateway-process.ts';
import type { Answer } from '../../support/http-client.ts';
import { KeyWays } from '../../support/key-ways.ts';
import { examplesIn } from '../support/document-examples.ts';
import { clientOf, STARTS } from '../support/each-store.ts';
import { eventually } from '../support/eventually.ts';
import { BUCKET, STORE_BUCKET, startGatewayInFront } from '../support/gateway-in-front.ts';
import { FgaStore, type PolicyEngine, startOpa, startOpenFga } from '../support/policy-engines.ts';
import type { RealStore } from '../support/real-stores.ts';
import { RecordingEngine } from '../support/recording-engine.ts';
import { StoredObjects } from '../support/stored-objects.ts';

const DEVICE = { access_key: 'DEVICE7', secret_key: 'the-secret-of-device-7', subject: 'device-7' };

/** As they are in a path. The gateway itself refuses them. */
const REFUSED = [
  ...[
    'inbox/../secret/x',
    'inbox/%2e%2e/secret/x',
    'inbox/%2E./secret/x',
    'inbox/..%2fsecret/x',
    'inbox%2f..%2fsecret%2fx',
  ],
  ...[
    'inbox/./../secret/x',
    'inbox//../../secret/x',
    'inbox/x/../../secret/x',
    'inbox/x/../y',
    'inbox/..',
    'inbox/../',
  ],
  ...[
    'inbox/.',
    'inbox/./x',
    'inbox/%2e/x',
    './inbox/x',
    '../x',
    '..',
    'inbox//x',
    'inbox/%2fx',
    'inbox/x//',
    '/inbox/x',
  ],
  ...[
    '%2finbox/x',
    'inbox/.sgwtmp/x',
    '.sgwtmp/multipart/x',
    'inbox/.sgwtmp',
    'inbox/x__XLDIR__',
    'inbox/x__XLDIR__/y',
  ],
  ...['inbox__XLDIR__', 'inbox/x/meta/etag', 'meta/bucket-lock', 'inbox/%EF%BF%BE', 'inbox/x%EF%BF%BF', 'inbox/%0ax'],
];

/** The gateway leaves them to the engine and the store; that they keep them is not said. */
const TAKEN = [
  ...[
    'inbox/plain',
    'inbox/',
    'inbox/folder/',
    'inbox/...',
    'inbox/..x/x../.x/x.',
    'inbox/.../x',
    'inbox/%252e%252e/x',
  ],
  ...['inbox/x%252fy', 'inbox/x%25', 'inbox/%2500', 'inbox/x+y%20z', 'inbox/%20x', 'inbox/x%20', 'inbox/%20..%20/x'],
  ...['inbox/x%5cy', 'inbox/..%5c..%5csecret', 'inbox/x%3fversionId=1', 'inbox/x%23y', 'inbox/x%26y;z=1', 'inbox/*'],
  ...['inbox/e%CC%81', 'inbox/%C3%A9', 'inbox/%E2%84%AB', 'inbox/%EF%BC%8E%EF%BC%8E/x', 'inbox/x%E2%88%95y'],
  ...[
    'inbox/x%E2%80%8By',
    'inbox/%EF%BB%BFx',
    'inbox/x%C2%A0',
    'inbox/%C2%85',
    'inbox/%F0%9F%98%80',
    'inbox/%EF%BF%BD',
  ],
  ...[
    'inbox/.minio.sys/x',
    'inbox/xl.meta',
    'inbox/x/xl.meta/y',
    'inbox/x.sgwtmp/y',
    'inbox/__XLDIR__x',
    'inbox/meta/x',
  ],
  ...['inbox/null', 'inbox/C:/x', 'inbox/~', 'inbox/%3Cx%3E%22%7C', 'outbox/x', 'Inbox/x', '%20inbox/x', 'inbox'],
];

type Way = (client: KeyWays, raw: string) => Promise<Answer>;

const WAYS: Readonly<Record<string, Way>> = {
  'a signed PUT': (client, raw) => client.put(BUCKET, raw),
  'a signed PUT of nothing': (client, raw) => client.put(BUCKET, raw, ''),
  'a presigned URL': (client, raw) => client.putPresigned(BUCKET, raw),
  'a PUT to a host of its own': (client, raw) => client.putToHost(BUCKET, raw),
  'a multipart upload': (client, raw) => client.multipart(BUCKET, raw),
  'the field key of a form': (client, raw) => client.post(BUCKET, decodeURIComponent(raw)),
  'the file name of a form': (client, raw) => {
    const segments = decodeURIComponent(raw).split('/');
    const fileName = segments.pop()!;
    return client.post(BUCKET, [...segments, `\${filename}`].join('/'), fileName);
  },
};

/** A real engine that lets DEVICE write what begins with `inbox/`, and how to read a question to it. */
interface Judge {
  readonly engine: PolicyEngine;
  authz(url: string): object;
  /** The key of a question, as the engine knows it. */
  keyOf(asked: Asked): string;
  /** How the engine knows a key. */
  nameOf(key: string): string;
}

// biome-ignore lint/suspicious/noExplicitAny: a document whose members are named once
type Asked = any;

async function judgeWithOpa(): Promise<Judge> {
  const policy = 'package mizuchi\n\nallow if startswith(input.resource.key, "inbox/")\n';
  return {
    engine: await startOpa([policy]),
    authz: (url) => ({ opa: { url, policy_path: 'mizuchi/allow', timeout_seconds: 10 } }),
    keyOf: ({ input }) => input.resource.key,
    nameOf: (key) => key,
  };
}

async function judgeWithOpenFga(): Promise<Judge> {
  const engine = await startOpenFga();
  const fga = await FgaStore.create(engine.url);
  const [, model] = examplesIn('docs/policy.md', 'json').map((text) => JSON.parse(text));
  await fga.writeModel(model);
  const nameIn = (key: string): string => nameOf('object', `${BUCKET}/${key}`, 256)!;
  const granted = [...REFUSED, ...TAKEN].map(decodeURIComponent).filter((key) => key.startsWith('inbox/'));
  const names = [...new Set(granted)].map(nameIn);
  for (let at = 0; at < names.length; at += 50) {
    const tuple_keys = names
      .slice(at, at + 50)
      .map((object) => ({ user: `user:${DEVICE.subject}`, relation: 'writer', object }));
    await fga.write({ writes: { tuple_keys } });
  }
  return {
    engine,
    authz: (url) => ({ openfga: { url, store_id: fga.id, timeout_seconds: 10 } }),
    keyOf: ({ tuple_key }) => tuple_key.object,
    nameOf: nameIn,
  };
}

/** What has come of one request. */
interface Tried {
  readonly status: number;
  readonly body: string;
  /** Keys, as the engine knows them. */
  readonly asked: readonly string[];
  readonly listed: readonly string[];
}

const JUDGES = { OPA: judgeWithOpa, OpenFGA: judgeWithOpenFga };

for (const [storeName, startStore] of Object.entries(STARTS))
  for (const [engineName, startJudge] of Object.entries(JUDGES))
    describe(`the key that ${engineName} has allowed is the key that ${storeName} lists`, () => {
      let store: RealStore;
      let direct: S3Client;
      let stored: StoredObjects;
      let judge: Judge;
      let recorder: RecordingEngine;
      let gateway: GatewayProcess;
      let client: KeyWays;
      before(async () => {
        store = await startStore();
        direct = clientOf(store.url);
        await eventually('the store has a bucket', () =>
          direct.send(new CreateBucketCommand({ Bucket: STORE_BUCKET })),
        );
        stored = new StoredObjects(direct, STORE_BUCKET);
        judge = await startJudge();
        recorder = await RecordingEngine.start(judge.engine.url);
        gateway = await startGatewayInFront({
          storeUrl: store.url,
          server: { domain: ['up.example'] },
          bucket: { auth: { sigv4: { credentials: [DEVICE] } }, authz: judge.authz(recorder.url) },
        });
        const { access_key: accessKey, secret_key: secretKey } = DEVICE;
        client = new KeyWays({ url: gateway.url, domain: 'up.example', accessKey, secretKey });
      });
      after(async () => {
        await gateway?.stop();
        await recorder?.close();
        await judge?.engine.stop();
        direct?.destroy();
        await store?.stop();
      });

      async function tried(way: Way, raw: string): Promise<Tried> {
        recorder.asked.length = 0;
        const { status, body } = await way(client, raw);
        const listed = await stored.keys();
        for (const key of listed) await stored.remove(key);
        return { status, body, asked: [...new Set(recorder.asked.map(judge.keyOf))], listed };
      }

      for (const [name, way] of Object.entries(WAYS)) {
        it(`by ${name}, where the gateway does not refuse it`, async () => {
          for (const raw of REFUSED) {
            const { status, body, asked, listed } = await tried(way, raw);
            // The name of a file loses its directories: what is left may be a name like any other.
            if (name === 'the file name of a form' && status !== 400) agrees({ raw, status, body, asked, listed });
            else assert.deepEqual({ raw, status, asked, listed }, { raw, status: 400, asked: [], listed: [] }, body);
          }
        });

        it(`by ${name}, where neither engine nor store refuses it`, async (test) => {
          let taken = 0;
          for (const raw of TAKEN) {
            const { status, body, asked, listed } = await tried(way, raw);
            agrees({ raw, status, body, asked, listed });
            if (status < 300) taken++;
          }
          test.diagnostic(`${taken} of ${TAKEN.length} were taken`);
          assert.ok(taken > TAKEN.length / 2, `only ${taken} were taken`);
        });
      }

      function agrees({ raw, status, body, asked, listed }: Tried & { raw: string }): void {
        assert.equal(listed.length, status < 300 ? 1 : 0, `${raw}: ${body}`);
        if (status >= 300) return;
        assert.deepEqual({ raw, asked }, { raw, asked: listed.map(judge.nameOf) });
        assert.match(listed[0]!, /^inbox\//);
      }
    });
