/** Files that are read again at run time: whether the last read succeeded, and when the content in use was read. */
import type { Registry } from './registry.ts';

export interface ReloadedFile {
  readonly file: string;
  /** The content of the file, in the plural. */
  readonly what: string;
}

/** Gets the result of each read, the first one included. */
export function watchReloads(registry: Registry): (file: ReloadedFile, succeeded: boolean) => void {
  return ({ file, what }, succeeded) => {
    const labels = [what.replaceAll(' ', '_'), file];
    registry.set('mizuchi_last_reload_successful', labels, succeeded ? 1 : 0);
    if (succeeded) registry.set('mizuchi_last_reload_success_timestamp_seconds', labels, Date.now() / 1000);
  };
}
