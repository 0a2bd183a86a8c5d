/** The HTTP interface of the live view on the admin port, with a source that a test writes. */
import { openAdminPort } from '../../src/server/admin-port.ts';
import { openViewHandler, type ViewHandlerOptions } from '../../src/view/http/open-view-handler.ts';
import type { ViewSource } from '../../src/view/sources.ts';

export interface ServedView {
  readonly url: string;
  readonly port: number;
  close(): Promise<void>;
}

interface Options extends ViewHandlerOptions {
  /** Any free one, if it is not given. */
  readonly port?: number;
  /** Needed by all requests for data. */
  readonly token?: string;
}

export async function serveView(source: ViewSource, options: Options = {}): Promise<ServedView> {
  const ok = { status: 'ok', isGood: true };
  const { token } = options;
  const { port, close } = await openAdminPort({
    host: '127.0.0.1',
    port: options.port ?? 0,
    allowedHosts: [],
    connections: 64,
    certificates: undefined,
    token: token === undefined ? undefined : { matches: (authorization) => authorization === `Bearer ${token}` },
    probes: { startup: () => ok, ready: () => ok },
    reload: undefined,
    render: undefined,
    view: await openViewHandler(source, options),
  });
  return { url: `http://127.0.0.1:${port}`, port, close };
}
