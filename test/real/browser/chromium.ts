/** A headless Chromium with a profile of its own, and the log of everything that it sent to the network. */
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BrowserContext, chromium } from 'playwright-core';
import { binary, withoutProxies } from '../support/real-server.ts';

export interface Browser {
  readonly context: BrowserContext;
  readonly version: string;
  /** Ends it. @throws AssertionError if it connected to a host other than 127.0.0.1. Safe twice. */
  close(): Promise<void>;
}

const QUIET = [
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-domain-reliability',
  '--no-pings',
  '--no-proxy-server',
  // Whatever it wants to know of the world: no name but that of this machine has an address.
  '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1',
];

export async function startChromium(): Promise<Browser> {
  const folder = await mkdtemp(join(tmpdir(), 'mizuchi-chromium-'));
  const netLog = join(folder, 'net.json');
  const context = await chromium.launchPersistentContext(join(folder, 'profile'), {
    executablePath: binary('chromium'),
    headless: true,
    chromiumSandbox: false,
    env: withoutProxies(process.env) as Record<string, string>,
    args: [...QUIET, `--log-net-log=${netLog}`],
  });
  let closed: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    await context.close();
    const addresses = addressesIn(await readFile(netLog, 'utf8'));
    await rm(folder, { recursive: true });
    assert.deepEqual([...addresses], ['127.0.0.1'], 'Chromium connected to no other host');
  };
  return { context, version: context.browser()?.version() ?? '', close: () => (closed ??= close()) };
}

interface NetLog {
  readonly constants: { readonly logEventTypes: Readonly<Record<string, number>> };
  readonly events: readonly { readonly type: number; readonly params?: { readonly address?: string } }[];
}

/** Where it connected to or sent datagrams to, of its own accord too. Its search for a route to the world sends none. */
function addressesIn(netLog: string): Set<string> {
  const { constants, events } = JSON.parse(netLog) as NetLog;
  const { TCP_CONNECT_ATTEMPT, UDP_BYTES_SENT } = constants.logEventTypes;
  const sent = events.filter(({ type }) => type === TCP_CONNECT_ATTEMPT || type === UDP_BYTES_SENT);
  return new Set(sent.flatMap(({ params }) => params?.address?.replace(/:\d+$/, '') ?? []));
}
