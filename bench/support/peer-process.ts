/** One contestant that others wrote, or the store itself, as a child of this process: which tells what CPU it has used. */
import { freePorts } from '../../test/real/support/free-ports.ts';
import { type RealServer, startRealServer } from '../../test/real/support/real-server.ts';
import type { Cpu, StartedGateway } from './gateway-process.ts';
import { respondToBucketRequests } from './helper-process.ts';
import { executable, HEALTH, PEERS, type PeerName } from './peers.ts';
import { cpuOf } from './process-cpu.ts';

export interface StartPeer {
  /** Undefined for the store itself, without anybody before it. */
  readonly peer: PeerName | undefined;
  readonly storePort: number;
}

let server: RealServer | undefined;

/** Children run on the CPU of this process. */
async function start({ peer, storePort }: StartPeer): Promise<StartedGateway> {
  if (peer === undefined) return { port: storePort, metricsPort: undefined };
  const [port] = (await freePorts(1)) as [number];
  server = await startRealServer({
    name: peer,
    file: executable(peer),
    args: (folder) => PEERS[peer]({ own: port, store: storePort }, folder),
    env: { AWS_CA_BUNDLE: undefined }, // versitygw stops on it
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
