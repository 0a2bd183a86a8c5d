/** The headers of an export: those of the configuration, and those of a file, which others may renew while we run. */
import { checkHeaderName } from './export-header-name.ts';
import { WatchedFile } from './watched-file.ts';

export type Headers = Readonly<Record<string, string>>;

export interface ExportHeaders {
  /** Lower-case names. */
  current(): Headers;
}

/** @throws Error if the file cannot be read, or holds something else. */
export function exportHeaders(fixed: Headers, file: string | undefined): ExportHeaders {
  if (file === undefined) return { current: () => fixed };
  const watched = new WatchedFile(file);
  let headers = { ...fixed, ...parseHeaders(watched.text, file) };
  let version = watched.version;
  return {
    current() {
      watched.look();
      if (version === watched.version) return headers;
      version = watched.version;
      try {
        headers = { ...fixed, ...parseHeaders(watched.text, file) };
      } catch {
        // Half written: the next look finds the rest.
      }
      return headers;
    },
  };
}

const LINE = /^([A-Za-z0-9._-]+):[ \t]*([\x20-\x7e]*?)[ \t]*$/;

/** `Name: value`, one a line; empty lines and those that begin with `#` are left out. @throws Error with the number of a line that is none. */
export function parseHeaders(text: string, file: string): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === '' || line.startsWith('#')) continue;
    const [, name, value] = LINE.exec(line) ?? [];
    if (name === undefined) throw new Error(`${file}:${index + 1} is no header; write "Name: value" on each line`);
    const complaint = checkHeaderName(name.toLowerCase());
    if (complaint !== undefined) throw new Error(`${file}:${index + 1} ${name} ${complaint.wrong}; ${complaint.hint}`);
    headers[name.toLowerCase()] = value!;
  }
  return headers;
}
