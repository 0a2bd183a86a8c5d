/** The exact versions of the clients of the matrix, as they say them themselves. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { binary } from '../../support/real-server.ts';

const said = (file: string, ...args: string[]): string =>
  /\d+\.\d+(\.\d+)?/.exec(execFileSync(file, args, { encoding: 'utf8' }))?.[0] ?? 'unknown';
const versionIn = (file: string): string => (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
const BOTO = ['-c', 'import boto3; print(boto3.__version__)'];

export function versionsOf(): Record<string, string> {
  const rclone = said(binary('rclone'), 'version');
  return {
    boto3: said(binary('boto3'), ...BOTO),
    'boto3 of 2023': said(binary('boto3-old'), ...BOTO),
    'AWS SDK for JavaScript': versionIn(createRequire(import.meta.url).resolve('@aws-sdk/client-s3/package.json')),
    'minio-js': versionIn(join(execFileSync(binary('minio-js'), { encoding: 'utf8' }).trim(), 'package.json')),
    'AWS CLI': said(binary('aws'), '--version'),
    'AWS CLI of 2023': said(binary('aws-old'), '--version'),
    s3cmd: said(binary('s3cmd'), '--version'),
    s4cmd: said(binary('s4cmd'), '--version'),
    rclone,
    'rclone, blind': rclone,
    curl: said('curl', '--version'),
  };
}
