/**
 * Prints a bill of materials as CycloneDX. It lists the program, every installed package of npm, Node.js with the libraries inside it,
 * and the packages of Debian. The same input gives the same bytes.
 *
 *   node scripts/package/sbom.ts ARCH PROGRAM NODE [DEB ...]
 *
 * PROGRAM is a directory in which `npm ci` has run, NODE the directory of the binary.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

interface Component {
  readonly type: 'application' | 'library' | 'platform';
  readonly 'bom-ref': string;
  readonly name: string;
  readonly version: string;
  readonly purl?: string;
  readonly licenses?: readonly [{ readonly expression: string }];
  readonly hashes?: readonly [{ readonly alg: 'SHA-256' | 'SHA-512'; readonly content: string }];
  readonly components?: readonly Component[];
}

interface Installed {
  readonly version: string;
  readonly license?: string;
  readonly integrity?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

const [arch, program, nodeDirectory, ...debs] = process.argv.slice(2) as [string, string, string, ...string[]];
const manifest = JSON.parse(readFileSync(join(program, 'package.json'), 'utf8')) as Installed & {
  readonly name: string;
};
const { packages } = JSON.parse(readFileSync(join(program, 'node_modules/.package-lock.json'), 'utf8')) as {
  readonly packages: Readonly<Record<string, Installed>>;
};

const nameOf = (path: string): string => path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
const npmUrl = (name: string, version: string): string => `pkg:npm/${name.replace('@', '%40')}@${version}`;
const urlOf = (path: string): string => npmUrl(nameOf(path), packages[path]!.version);

function npmComponent(path: string): Component {
  const { version, license, integrity } = packages[path]!;
  const purl = urlOf(path);
  return {
    type: 'library',
    'bom-ref': purl,
    name: nameOf(path),
    version,
    purl,
    ...(license !== undefined && { licenses: [{ expression: license }] }),
    ...(integrity?.startsWith('sha512-') && {
      hashes: [{ alg: 'SHA-512', content: Buffer.from(integrity.slice(7), 'base64').toString('hex') }],
    }),
  };
}

/** @returns the path that Node resolves `name` to, from the package at `from`; undefined if it is not installed. */
function resolve(name: string, from: string): string | undefined {
  for (let base = from; ; base = base.slice(0, Math.max(0, base.lastIndexOf('/node_modules/')))) {
    const path = base === '' ? `node_modules/${name}` : `${base}/node_modules/${name}`;
    if (path in packages) return path;
    if (base === '') return undefined;
    if (!base.includes('/node_modules/')) base = '';
  }
}

function dependencyOf(ref: string, path: string, { dependencies, optionalDependencies, peerDependencies }: Installed) {
  const names = Object.keys({ ...dependencies, ...optionalDependencies, ...peerDependencies });
  const paths = names.flatMap((name) => resolve(name, path) ?? []);
  return { ref, dependsOn: [...new Set(paths.map(urlOf))].sort() };
}

/** The binary is of the version that runs this, perhaps for another architecture. */
function nodeComponent(): Component {
  const { node: version, ...inside } = process.versions;
  const url = `pkg:generic/node@${version}?arch=${arch}`;
  const bundled = Object.entries(inside).filter(([name]) => !['modules', 'napi'].includes(name)); // versions of interfaces
  return {
    type: 'platform',
    'bom-ref': url,
    name: 'node',
    version,
    purl: url,
    licenses: [{ expression: 'MIT' }],
    hashes: [{ alg: 'SHA-256', content: sha256(join(nodeDirectory, 'node')) }],
    components: bundled.map(([name, of = '']) => ({
      type: 'library',
      'bom-ref': `${url}#${name}`,
      name,
      version: of,
      purl: `pkg:generic/${name}@${encodeURIComponent(of)}`,
    })),
  };
}

function debianComponent(file: string): Component {
  const [name, version, of] = ['Package', 'Version', 'Architecture'].map((field) =>
    execFileSync('dpkg-deb', ['--field', file, field], { encoding: 'utf8' }).trim(),
  ) as [string, string, string];
  const url = `pkg:deb/debian/${encodeURIComponent(name)}@${encodeURIComponent(version)}?arch=${of}`;
  const hashes: Component['hashes'] = [{ alg: 'SHA-256', content: sha256(file) }];
  return { type: 'library', 'bom-ref': url, name, version, purl: url, hashes };
}

const sha256 = (file: string): string => createHash('sha256').update(readFileSync(file)).digest('hex');

const paths = Object.keys(packages).sort();
const node = nodeComponent();
const system = debs.map(debianComponent);
const self = npmUrl(manifest.name, manifest.version);
const all = new Map([...paths.map(npmComponent), node, ...system].map((each) => [each['bom-ref'], each]));
const ofSelf = dependencyOf(self, '', manifest);
const dependencies = new Map(paths.map((path) => [urlOf(path), dependencyOf(urlOf(path), path, packages[path]!)]));
const bill = {
  bomFormat: 'CycloneDX',
  specVersion: '1.5',
  version: 1,
  metadata: {
    component: {
      type: 'application',
      'bom-ref': self,
      name: manifest.name,
      version: manifest.version,
      purl: self,
      licenses: [{ expression: manifest.license }],
    },
  },
  components: [...all.values()],
  dependencies: [
    { ...ofSelf, dependsOn: [...ofSelf.dependsOn, node['bom-ref'], ...system.map((each) => each['bom-ref'])] },
    ...dependencies.values(),
  ],
};
process.stdout.write(`${JSON.stringify(bill, null, 2)}\n`);
