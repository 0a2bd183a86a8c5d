/** The findings about this machine, for `check` and `doctor`. */
import type { HostFindings } from '../app/doctor/examine-host.ts';
import type { Finding } from '../app/doctor/finding.ts';

/** ✗ the configuration cannot be used, ! this machine may need a change. */
export function hostText({ files, ports, limits }: HostFindings): string {
  const lines = [
    ...files.map((file) => lineOf(file, '✗')),
    ...[...ports, ...limits].map((other) => lineOf(other, '!')),
  ];
  return `\nOn this machine:\n\n${lines.join('\n')}\n`;
}

function lineOf({ what, works, how, hint }: Finding, mark: string): string {
  return works ? `  ✓ ${what}: ${how}` : `  ${mark} ${what}: ${how}; ${hint}`;
}
