/** The exact versions of the clients of the matrix, as they say them themselves. */
import { execFileSync } from 'node:child_process';
import { readFileSync, realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { binary } from '../../support/real-server.ts';
import { pythonCommands, RUBY } from './services.ts';

const said = (file: string, ...args: string[]): string =>
  /\d+\.\d+(\.\d+)?/.exec(execFileSync(file, args, { encoding: 'utf8' }))?.[0] ?? 'unknown';
const versionIn = (file: string): string => (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
/** The version of a module in a program that Go has built. */
const moduleIn = (file: string, module: string): string =>
  new RegExp(`\\s${module}\\s+v(\\S+)`).exec(
    execFileSync('go', ['version', '-m', realpathSync(file)], { encoding: 'utf8' }),
  )?.[1] ?? 'unknown';
const BOTO = ['-c', 'import boto3; print(boto3.__version__)'];

export function versionsOf(): Record<string, string> {
  const rclone = said(binary('rclone'), 'version');
  const rcloneNow = said(binary('rclone-now'), 'version');
  return {
    boto3: said(binary('boto3'), ...BOTO),
    'boto3 of 2023': said(binary('boto3-old'), ...BOTO),
    'AWS SDK for JavaScript': versionIn(createRequire(import.meta.url).resolve('@aws-sdk/client-s3/package.json')),
    'minio-js': versionIn(join(execFileSync(binary('minio-js'), { encoding: 'utf8' }).trim(), 'package.json')),
    'AWS CLI': said(binary('aws'), '--version'),
    'AWS CLI of 2023': said(binary('aws-old'), '--version'),
    s3cmd: said(binary('s3cmd'), '--version'),
    s4cmd: said(binary('s4cmd'), '--version'),
    rclone: rcloneNow,
    'rclone, blind': rcloneNow,
    'rclone of 2022': rclone,
    'rclone of 2022, blind': rclone,
    s5cmd: said(binary('s5cmd'), 'version'),
    mc: moduleIn(binary('mc'), 'github.com/minio/mc').replace(/^.*-(\d{8})\d*-.*$/, 'of $1'),
    aws4fetch: versionIn(join(execFileSync(binary('aws4fetch'), { encoding: 'utf8' }).trim(), 'package.json')),
    ...Object.fromEntries(pythonCommands().map(([name, { file, args }]) => [name, said(file, ...args, '--version')])),
    'AWS SDK for Go (manager)': moduleIn(binary('aws-sdk-go'), 'github.com/aws/aws-sdk-go-v2/feature/s3/manager'),
    'AWS SDK for Go (transfermanager)': moduleIn(
      binary('aws-sdk-go'),
      'github.com/aws/aws-sdk-go-v2/feature/s3/transfermanager',
    ),
    'AWS SDK for Java': said(binary('aws-sdk-java'), '--version'),
    'AWS SDK for Ruby': said(binary('ruby-clients'), RUBY, '--version'),
    curl: said('curl', '--version'),
  };
}
