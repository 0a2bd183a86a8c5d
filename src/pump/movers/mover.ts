/** The interface of a mover: it reads bytes from one connection and writes them to another, a piece at a time, and never blocks. */

/** The result of a read without memory for the bytes that have arrived. */
export const NO_MEMORY = Number.NEGATIVE_INFINITY;

export interface Mover {
  /** Bytes to write. */
  readonly held: number;
  /** Bytes in memory that are read before those of the connection. */
  readonly ahead: number;
  /** Whether the kernel moves the bytes, and the process does not see them. */
  readonly isSplice: boolean;
  /** Only while it holds nothing. @returns bytes read, 0 at the end of the connection, or the negative error number. */
  read(most: number): number;
  /** The bytes of the last read. Undefined for a mover that does not see them. */
  readonly bytes: Buffer | undefined;
  /** Only while it holds bytes. @param more whether more bytes follow. @returns bytes written, or the negative error number. */
  write(more: boolean): number;
  /** Returns what it uses, unless it holds bytes: while it waits for the client, it needs no memory. */
  rest(): void;
  /** Returns what it uses. */
  close(): void;
}
