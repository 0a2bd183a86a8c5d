/** Settings that still work under an old name for one version, with their replacements for `check` and the log. */
import { headOfOldName } from './bucket.ts';
import type { Config } from './config.ts';

export interface DeprecatedSetting {
  /** The path of the setting: "buckets[0].allow_head". */
  readonly setting: string;
  /** The replacement: "head: allow". */
  readonly instead: string;
}

export function deprecatedSettings({ buckets }: Config): DeprecatedSetting[] {
  return buckets.flatMap(({ allow_head }, index) => {
    const head = headOfOldName(allow_head);
    return head === undefined ? [] : [{ setting: `buckets[${index}].allow_head`, instead: `head: ${head}` }];
  });
}
