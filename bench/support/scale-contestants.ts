/** The gateways of the benchmark of scaling: the same one with more and more workers. */
import type { Contestant } from './contestant.ts';
import { ACCESS_KEY, REGION } from './signed-requests.ts';

export interface ScaleContestant extends Contestant {
  readonly workers: number;
}

const ONE_PROCESS = ['1 process', '1 process, again'];

/** Two with one process, whose difference is the noise, and then 2 workers to one more than there are CPUs. */
export function scaleContestants(cpus: number): ScaleContestant[] {
  const single = ONE_PROCESS.map((name) => ({ name, workers: 1, against: ONE_PROCESS }));
  const several = Array.from({ length: cpus }, (_, i) => ({
    name: `${i + 2} workers`,
    workers: i + 2,
    against: ONE_PROCESS,
  }));
  return [...single, ...several];
}

/** As in a configuration file. More requests at once than the default, because all idle connections begin with one upload. */
export function scaleConfig({ workers }: ScaleContestant, storePort: number): object {
  return {
    server: { address: '127.0.0.1:0', workers, shutdown_timeout_seconds: 1 },
    buckets: [
      {
        name: 'uploads',
        s3: {
          bucket: 'my-bucket',
          endpoint: `http://127.0.0.1:${storePort}`,
          access_key: 'AKEXAMPLE',
          secret_key: 's',
        },
        auth: { sigv4: { region: REGION, credentials: [{ ...ACCESS_KEY, subject: 'uploader-0' }] } },
      },
    ],
    upload: { concurrent_uploads: 10_000 },
    tracing: { enabled: false },
    admin: { port: 0 },
    logging: { success_ratio: 0 },
  };
}
