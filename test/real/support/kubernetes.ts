/** A real kube-apiserver with its etcd, on this machine: it accepts and validates objects, but no pod runs. */
import { generateKeyPairSync } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { SELF_SIGNED_CERTIFICATE, SELF_SIGNED_KEY } from '../../support/self-signed.ts';
import { lowPorts } from './low-ports.ts';
import { type RealServer, startRealServer } from './real-server.ts';

const TOKEN = 'token-of-the-administrator';

export interface Kubernetes {
  /** For the variable KUBECONFIG. */
  readonly kubeconfig: string;
  stop(): Promise<void>;
}

/** @param folder gets the kubeconfig. */
export async function startKubernetes(folder: string): Promise<Kubernetes> {
  const [etcdPort, peerPort, port] = await lowPorts(3);
  const etcd = await startEtcd(etcdPort!, peerPort!);
  // This process checks its readiness over HTTPS.
  setDefaultCACertificates([...getCACertificates(), SELF_SIGNED_CERTIFICATE]);
  const url = `https://127.0.0.1:${port}`;
  let server: RealServer;
  try {
    server = await startRealServer({
      name: 'kube-apiserver',
      args: (own) => serverArguments(own, port!, etcdPort!),
      healthUrl: `${url}/readyz`,
    });
  } catch (error) {
    await etcd.stop();
    throw error;
  }
  const kubeconfig = join(folder, 'kubeconfig');
  await writeFile(kubeconfig, kubeconfigOf(url));
  return {
    kubeconfig,
    stop: async () => {
      await server.stop();
      await etcd.stop();
    },
  };
}

function startEtcd(port: number, peerPort: number): Promise<RealServer> {
  const client = `http://127.0.0.1:${port}`;
  const peer = `http://127.0.0.1:${peerPort}`;
  const clients = ['--listen-client-urls', client, '--advertise-client-urls', client];
  const peers = [
    '--listen-peer-urls',
    peer,
    '--initial-advertise-peer-urls',
    peer,
    '--initial-cluster',
    `default=${peer}`,
  ];
  return startRealServer({
    name: 'etcd',
    args: (folder) => ['--data-dir', join(folder, 'data'), ...clients, ...peers],
    healthUrl: `${client}/health`,
  });
}

async function serverArguments(folder: string, port: number, etcdPort: number): Promise<string[]> {
  const { privateKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  });
  const files = {
    'tls.crt': SELF_SIGNED_CERTIFICATE,
    'tls.key': SELF_SIGNED_KEY,
    'service-accounts.key': privateKey,
    'tokens.csv': `${TOKEN},administrator,1,system:masters\n`,
  };
  for (const [name, content] of Object.entries(files)) await writeFile(join(folder, name), content);
  const file = (name: keyof typeof files): string => join(folder, name);
  return [
    `--etcd-servers=http://127.0.0.1:${etcdPort}`,
    '--bind-address=127.0.0.1',
    `--secure-port=${port}`,
    `--tls-cert-file=${file('tls.crt')}`,
    `--tls-private-key-file=${file('tls.key')}`,
    `--token-auth-file=${file('tokens.csv')}`,
    '--authorization-mode=RBAC',
    '--anonymous-auth=true',
    '--service-account-issuer=https://kubernetes.default.svc',
    `--service-account-key-file=${file('service-accounts.key')}`,
    `--service-account-signing-key-file=${file('service-accounts.key')}`,
    '--service-cluster-ip-range=10.96.0.0/24',
    '--endpoint-reconciler-type=none', // it would refuse a loopback address
    '--disable-admission-plugins=ServiceAccount', // no controller creates the accounts of a namespace
  ];
}

function kubeconfigOf(server: string): string {
  const authority = Buffer.from(SELF_SIGNED_CERTIFICATE).toString('base64');
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'test', cluster: { server, 'certificate-authority-data': authority } }],
    users: [{ name: 'administrator', user: { token: TOKEN } }],
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'administrator' } }],
    'current-context': 'test',
  });
}
