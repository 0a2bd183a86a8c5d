/** The headers of an export: those of the configuration, and those of a file that may be renewed while the gateway runs. */
import { checkHeaderName } from '../kit/export-header-name.ts';
import { WatchedFile } from '../kit/watched-file.ts';

export type Headers = Readonly<Record<string, string>>;

export interface ExportHeaders {
  /** Lower-case names. */
  current(): Headers;
}

/** @throws Error if the file cannot be read, or holds anything else. */
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
        // Half written: the next read finds the rest.
      }
      return headers;
    },
  };
}

const LINE = /^([A-Za-z0-9._-]+):[ \t]*([\x20-\x7e]*?)[ \t]*$/;

/** `Name: value`, one a line; empty lines and comments (`#`) are skipped. @throws Error with the number of an invalid line. */
function parseHeaders(text: string, file: string): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === '' || line.startsWith('#')) continue;
    const [, name, value] = LINE.exec(line) ?? [];
    if (name === undefined) throw new Error(`${file}:${index + 1} is not a header; write "Name: value" on each line`);
    const complaint = checkHeaderName(name.toLowerCase());
    if (complaint !== undefined) throw new Error(`${file}:${index + 1} ${name} ${complaint.wrong}; ${complaint.hint}`);
    headers[name.toLowerCase()] = value!;
  }
  return headers;
}
