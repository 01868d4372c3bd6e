import { readdirSync, readFileSync } from 'node:fs';

interface Process {
  readonly pid: number;
  readonly parent: number;
  /** With those of children that ended and were waited for. */
  readonly ticks: number;
}

const ticksPerSecond = 100;

/** CPU seconds of these processes and all below them, ended ones included. */
export function cpuSeconds(roots: readonly number[]): number {
  let ticks = 0;
  for (const process of treesOf(roots)) ticks += process.ticks;
  return ticks / ticksPerSecond;
}

/** The most memory that these processes and those below them ever held at once each, in MB: the sum of their peaks. */
export function peakMegabytes(roots: readonly number[]): number {
  let kilobytes = 0;
  for (const { pid } of treesOf(roots)) {
    const peak = /^VmHWM:\s+(\d+) kB$/m.exec(read(`/proc/${pid}/status`))?.[1];
    kilobytes += Number(peak ?? 0);
  }
  return kilobytes / 1024;
}

function treesOf(roots: readonly number[]): readonly Process[] {
  const all = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap(readProcess);
  const wanted = new Set(roots);
  // A child may have a lower number than its parent once numbers start anew.
  for (let before = -1; before !== wanted.size; ) {
    before = wanted.size;
    for (const { pid, parent } of all) if (wanted.has(parent)) wanted.add(pid);
  }
  return all.filter(({ pid }) => wanted.has(pid));
}

function readProcess(name: string): readonly Process[] {
  const text = read(`/proc/${name}/stat`);
  // The program's name stands in brackets and may hold anything.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  if (fields.length < 15) return [];
  const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
  return [{ pid: Number(name), parent: Number(fields[1]), ticks }];
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    // It ended meanwhile.
    return '';
  }
}
