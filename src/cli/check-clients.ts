/** The part of `check` about clients that read before they write: docs/head-and-listings.md has the details. */
import type { BucketConfig } from '../config/bucket.ts';
import type { Line } from './check-access.ts';

const HEAD: Readonly<Record<BucketConfig['head'], string>> = {
  refuse: 'refuse (403): clients that send HEAD before they upload fail (s4cmd, rclone without --s3-no-head)',
  pretend_missing:
    'pretend_missing (404): clients that check first find nothing and silently OVERWRITE existing objects (s5cmd -n, django-storages, restic init)',
  allow: 'allow: clients learn whether an object exists, if auth and authz allow HeadObject',
};

const LISTINGS: Readonly<Record<BucketConfig['listings'], string>> = {
  refuse: 'refuse (403): clients that list before they write fail (aws s3 sync, mc mirror, rclone copy of a directory)',
  empty:
    'empty: clients that list before they write find nothing, upload everything again and OVERWRITE existing objects (aws s3 sync, mc mirror, rclone copy)',
};

export function clientLines({ head, listings }: BucketConfig): Line[] {
  return [
    ['  head', HEAD[head]],
    ['  listings', LISTINGS[listings]],
  ];
}
