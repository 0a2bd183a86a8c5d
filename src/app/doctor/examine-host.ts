/** Examines this machine: what `serve` would need, and could die of. */
import type { Config } from '../../config/config.ts';
import { examineCertificates } from './certificate.ts';
import type { Finding } from './finding.ts';
import { examinePorts } from './ports.ts';
import { examinePump } from './pump.ts';
import { examineResources } from './resources.ts';

export interface HostFindings {
  /** Certificates and authorities. They are part of the configuration. */
  readonly files: readonly Finding[];
  /** `serve` fails while one of them is in use. */
  readonly ports: readonly Finding[];
  /** Limits: a gateway starts with too few descriptors or too little memory, and fails later. Without a pump, it needs more CPU. */
  readonly limits: readonly Finding[];
}

export async function examineHost(config: Config, directory: string): Promise<HostFindings> {
  const [files, ports, pump] = await Promise.all([
    examineCertificates(config, directory),
    examinePorts(config),
    examinePump(config),
  ]);
  return { files, ports, limits: [...examineResources(config), pump] };
}
