/** Reads an OCI layout: the images of its one index, by architecture. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface OciConfig {
  readonly architecture: string;
  readonly os: string;
  readonly config: {
    readonly User: string;
    readonly Env: readonly string[];
    readonly Entrypoint: readonly string[];
    readonly Cmd: readonly string[];
    readonly Labels: Readonly<Record<string, string>>;
  };
}

export interface OciImage {
  readonly config: OciConfig;
  /** The files of the layers: tar, compressed with gzip. */
  readonly layers: readonly string[];
}

interface Descriptor {
  readonly digest: string;
}

/** @throws Error if a digest does not match its content. */
export function readLayout(directory: string): Map<string, OciImage> {
  const blob = ({ digest }: Descriptor): string => join(directory, 'blobs', digest.replace(':', '/'));
  const read = <T>(descriptor: Descriptor): T => {
    const bytes = readFileSync(blob(descriptor));
    if (descriptor.digest !== `sha256:${createHash('sha256').update(bytes).digest('hex')}`)
      throw new Error(`${descriptor.digest} has other content`);
    return JSON.parse(bytes.toString());
  };
  const layout = JSON.parse(readFileSync(join(directory, 'index.json'), 'utf8')) as { manifests: Descriptor[] };
  const { manifests } = read<{ manifests: Descriptor[] }>(layout.manifests[0]!);
  const images = manifests.map((each): OciImage => {
    const { config, layers } = read<{ config: Descriptor; layers: Descriptor[] }>(each);
    return { config: read(config), layers: layers.map(blob) };
  });
  return new Map(images.map((image) => [image.config.architecture, image]));
}
