/** Where spans go that the collector does not accept: as OTLP JSON, one request a line, so that they can be sent later. */
import { closeSync, fstatSync, ftruncateSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { extname } from 'node:path';
import type { FallbackSettings } from '../messages.ts';
import { requestToJson } from '../otlp/otlp-json.ts';
import { printable } from './result.ts';
import { StreamWriter } from './stream-writer.ts';

export interface Fallback {
  /** Never throws. @param request an ExportTraceServiceRequest. @returns the error, if there was one. */
  save(request: Uint8Array): string | undefined;
}

export function openFallback(settings: FallbackSettings): Fallback {
  const lines = settings.to === 'console' ? new StreamWriter(STANDARD_ERROR) : new RotatedFile(settings);
  return {
    save(request) {
      try {
        lines.write(`${requestToJson(request)}\n`);
        return undefined;
      } catch (error) {
        return printable(`the fallback cannot be written: ${(error as Error).message}`);
      }
    },
  };
}

/** Not the standard output: it has the log lines, and long lines of two writers would interleave. */
const STANDARD_ERROR = 2;

/** `spans.jsonl` is written; `spans.1.jsonl` is the one before it, and so on. Readable for the gateway's own user only. */
class RotatedFile {
  readonly #settings: Extract<FallbackSettings, { to: 'file' }>;

  constructor(settings: Extract<FallbackSettings, { to: 'file' }>) {
    this.#settings = settings;
  }

  /** Opened for each line, a few a minute at most, so that the file can be moved away at any time. */
  write(line: string): void {
    const { path, maxBytes } = this.#settings;
    if (this.#append(path, line, maxBytes)) return;
    this.#rotate();
    this.#append(path, line, Number.POSITIVE_INFINITY);
  }

  /** False, and nothing written, if the file would grow beyond its size. */
  #append(path: string, line: string, maxBytes: number): boolean {
    const fd = openSync(path, 'a', 0o600);
    try {
      const { size } = fstatSync(fd);
      if (size > 0 && size + Buffer.byteLength(line) > maxBytes) return false;
      appendWhole(fd, Buffer.from(line), size);
      return true;
    } finally {
      closeSync(fd);
    }
  }

  #rotate(): void {
    const { path, maxFiles } = this.#settings;
    rmSync(numbered(path, maxFiles - 1), { force: true });
    for (let number = maxFiles - 2; number >= 0; number--) {
      try {
        renameSync(numbered(path, number), numbered(path, number + 1));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      }
    }
  }
}

/** An incomplete line, where the disk is full, would damage the next one as well. @param size of the file before. */
function appendWhole(fd: number, bytes: Buffer, size: number): void {
  try {
    for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at);
  } catch (error) {
    ftruncateSync(fd, size);
    throw error;
  }
}

function numbered(path: string, number: number): string {
  if (number === 0) return path;
  const extension = extname(path);
  return `${path.slice(0, path.length - extension.length)}.${number}${extension}`;
}
