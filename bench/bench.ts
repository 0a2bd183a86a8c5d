/**
 * `npm run bench` lists the benchmarks, `npm run bench -- NAME [options]` runs one. A benchmark is a program in this folder
 * or a subfolder; the first sentence of its first comment is its description.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';

interface Benchmark {
  readonly name: string;
  readonly file: string;
}

function findBenchmarks(): Benchmark[] {
  const files = readdirSync(import.meta.dirname, { recursive: true, encoding: 'utf8' });
  return files
    .filter((file) => file.endsWith('.ts') && file !== 'bench.ts' && !file.startsWith('support'))
    .map((file) => ({ name: basename(file, '.ts'), file: join(import.meta.dirname, file) }));
}

function describe({ file }: Benchmark): string {
  const head = /^\/\*\*(.*?)\*\//s.exec(readFileSync(file, 'utf8'))?.[1] ?? '';
  const prose = head.replace(/\n? *\* ?/g, ' ').trim();
  return /^.*?[.:](?=\s|$)/.exec(prose)?.[0].replace(/:$/, '.') ?? prose;
}

async function run({ file }: Benchmark, args: string[]): Promise<number> {
  const child = spawn(process.execPath, [file, ...args], { stdio: 'inherit' });
  const [code] = (await once(child, 'exit')) as [number | null];
  return code ?? 1;
}

const [name, ...args] = process.argv.slice(2);
const benchmarks = findBenchmarks();
const chosen = benchmarks.find((benchmark) => benchmark.name === name);
if (chosen !== undefined) {
  process.exitCode = await run(chosen, args);
} else {
  if (name !== undefined) console.error(`There is no benchmark ${name}.\n`);
  console.log('npm run bench -- NAME [options]\n');
  for (const benchmark of benchmarks) console.log(`  ${benchmark.name.padEnd(14)} ${describe(benchmark)}`);
  process.exitCode = name === undefined ? 0 : 2;
}
