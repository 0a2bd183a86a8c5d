/** One contestant that others wrote, or the store itself, as a child of this process: which tells what CPU it has used. */
import { freePorts } from '../../test/real/support/free-ports.ts';
import { type RealServer, startRealServer } from '../../test/real/support/real-server.ts';
import type { Cpu, StartedGateway } from './gateway-process.ts';
import { respondToBucketRequests } from './helper-process.ts';
import { ENVIRONMENTS, executable, HEALTH, PEERS, type PeerName } from './peers.ts';
import { cpuOf } from './process-cpu.ts';

export interface StartPeer {
  /** Undefined for the store itself, without anybody before it. */
  readonly peer: PeerName | undefined;
  readonly storePort: number;
  /** Of OTLP over gRPC, for a peer that traces. */
  readonly collectorPort?: number;
}

let server: RealServer | undefined;

/** Children run on the CPU of this process. */
async function start({ peer, storePort, collectorPort }: StartPeer): Promise<StartedGateway> {
  if (peer === undefined) return { port: storePort, metricsPort: undefined };
  const [port] = (await freePorts(1)) as [number];
  const ports = { own: port, store: storePort, collector: collectorPort };
  server = await startRealServer({
    name: peer,
    file: executable(peer),
    args: (folder) => PEERS[peer](ports, folder),
    env: ENVIRONMENTS[peer]?.(ports) ?? {},
    healthUrl: `http://127.0.0.1:${port}${HEALTH}`,
  });
  return { port, metricsPort: undefined };
}

/** Nothing for the store, which is nobody's contestant. */
function cpu(): Cpu {
  const all = server === undefined ? 0 : cpuOf(server.pid);
  return { all, main: all };
}

async function close(): Promise<void> {
  await server?.stop();
}

respondToBucketRequests({ start, cpu, close });
process.once('disconnect', () => process.exit());
