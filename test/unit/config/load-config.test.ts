import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { ConfigError } from '../../../src/config/config-error.ts';
import { loadConfig } from '../../../src/config/load-config.ts';

const TEXT = 'buckets: [{ name: uploads, s3: { bucket: my-bucket, access_key: AK, secret_key: SK } }]\n';

describe('loadConfig', () => {
  let directory = '';
  before(() => {
    directory = mkdtempSync(join(tmpdir(), 'mizuchi-config-'));
  });
  after(() => rmSync(directory, { recursive: true }));

  const file = (content: string | Buffer): string => {
    const path = join(directory, 'config.yaml');
    writeFileSync(path, content);
    return path;
  };
  const errorOf = async (path: string): Promise<string> => {
    const error = await loadConfig(path, {}).then(
      () => assert.fail('it was accepted'),
      (thrown: unknown) => thrown,
    );
    assert.ok(error instanceof ConfigError, String(error));
    return error.message;
  };

  it('reads a file and the environment', async () => {
    const path = file(`${TEXT}metrics: { port: "\${PORT}" }`);
    assert.equal((await loadConfig(path, { PORT: '1234' })).metrics.port, 1234);
  });

  it('reads a file with a byte order mark', async () => {
    const config = await loadConfig(file(Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), Buffer.from(TEXT)])), {});
    assert.equal(config.buckets.length, 1);
  });

  it('reports a missing file and a directory', async () => {
    const path = join(directory, 'none.yaml');
    assert.equal(await errorOf(path), `${path}:1:1: cannot be read (ENOENT); the file does not exist: check the path`);
    assert.equal(
      await errorOf(directory),
      `${directory}:1:1: cannot be read (EISDIR); it is a directory: use the path of a file`,
    );
  });

  it('reports a file that is too large without reading all of it', async () => {
    const path = file(`${TEXT}${'#'.repeat(1_048_577 - TEXT.length)}`);
    assert.equal(
      await errorOf(path),
      `${path}:1:1: is larger than 1 MiB; check the path: this may not be a configuration file`,
    );
    assert.equal((await loadConfig(file(`${TEXT}${'#'.repeat(1_048_576 - TEXT.length)}`), {})).buckets.length, 1);
  });

  it('reports the position of invalid UTF-8', async () => {
    const latin = file(Buffer.concat([Buffer.from(`${TEXT}# é: `), Buffer.from('é', 'latin1'), Buffer.from('\n')]));
    assert.equal(await errorOf(latin), `${latin}:2:6: the file is not valid UTF-8; save it as UTF-8`);
    const wide = file(Buffer.from(`\ufeff${TEXT}`, 'utf16le'));
    assert.equal(await errorOf(wide), `${wide}:1:1: the file is not valid UTF-8; save it as UTF-8`);
  });
});
