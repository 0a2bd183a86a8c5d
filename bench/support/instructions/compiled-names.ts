/**
 * The names of compiled JavaScript by address, from the file that V8 writes with `--perf-basic-prof`: start and size in hexadecimal, and
 * then a name such as `JS:*verify file:///checkout/src/sigv4/verify.ts:31:16`. The sign is the tier of the compiler.
 */
interface Code {
  readonly start: number;
  readonly end: number;
  readonly name: string;
  /** The line in the file. */
  readonly line: number;
}

/** @returns the name of a function by what callgrind calls it: `0x…` if it has no symbol. */
export function namesFrom(map: string): (name: string) => string {
  const codes = map.split('\n').filter(Boolean).map(codeOf);
  codes.sort((one, other) => one.start - other.start);
  return (name) => (name.startsWith('0x') ? (nameAt(codes, Number(name.split(' ')[0])) ?? name) : name);
}

function codeOf(text: string, line: number): Code {
  const [start = '', size = ''] = text.split(' ', 2);
  const address = Number.parseInt(start, 16);
  const name = text.slice(start.length + size.length + 2);
  return {
    start: address,
    end: address + Number.parseInt(size, 16),
    name: name.replace(/^(JS|Script|Eval|Function):[~+^'*]+/, 'JS:'),
    line,
  };
}

/** How many entries may lie between an address and the code that it is in: older code at addresses that were used again. */
const OVERLAPS = 64;

function nameAt(codes: readonly Code[], address: number): string | undefined {
  let low = 0;
  let high = codes.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (codes[middle]!.start <= address) low = middle + 1;
    else high = middle;
  }
  const there = codes.slice(Math.max(0, low - OVERLAPS), low).filter(({ end }) => address < end);
  return there.sort((one, other) => other.line - one.line)[0]?.name; // memory is used again: the latest has it
}
