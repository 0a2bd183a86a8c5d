/** What a process takes of the machine, as Linux tells it (proc_pid_status(5)). */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** Resident set size in bytes. */
export function residentBytes(pid: number): number {
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) * 1024;
}

/** The largest resident set size so far, in bytes. */
export function peakBytes(pid: number): number {
  return Number(/^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) * 1024;
}

/** How many descriptors are open. */
export function openDescriptors(pid: number): number {
  return readdirSync(`/proc/${pid}/fd`).length;
}

/** How many of its descriptors are ends of pipes. */
export function openPipes(pid: number): number {
  const folder = `/proc/${pid}/fd`;
  return readdirSync(folder).filter((fd) => isPipe(`${folder}/${fd}`)).length;
}

function isPipe(link: string): boolean {
  try {
    return readlinkSync(link).startsWith('pipe:');
  } catch {
    return false; // closed meanwhile
  }
}

export function threads(pid: number): number {
  return Number(/^Threads:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]);
}
