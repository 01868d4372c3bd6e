import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';

/** One process, told apart from a later one that got the same number. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Empty where the system does not tell. */
  readonly startedAt: string;
}

const onLinux = process.platform === 'linux';

/** Undefined when no such process lives. */
export function identify(pid: number): ProcessIdentity | undefined {
  if (!Number.isInteger(pid) || pid <= 0) return undefined;
  if (!onLinux) return answersSignal(pid) ? { pid, startedAt: '' } : undefined;
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The program's name comes second, in parentheses, and may itself hold parentheses and spaces.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (fields[0] === 'Z' || fields[0] === 'X') return undefined;
    return { pid, startedAt: fields[19] ?? '' };
  } catch {
    return undefined;
  }
}

export function ownIdentity(): ProcessIdentity {
  return identify(process.pid) ?? { pid: process.pid, startedAt: '' };
}

export function lives(known: ProcessIdentity): boolean {
  const found = identify(known.pid);
  return found !== undefined && (known.startedAt === '' || found.startedAt === known.startedAt);
}

/** True only for a postmaster on exactly this data directory, so that nobody else's process is ever signalled. */
export function isPostmasterOf(pid: number, dataDir: string): boolean {
  if (identify(pid) === undefined) return false;
  const args = commandLine(pid);
  if (!basename(args[0] ?? '').startsWith('postgres')) return false;
  const at = args.indexOf('-D');
  return at > 0 && args[at + 1] === dataDir;
}

function commandLine(pid: number): readonly string[] {
  try {
    if (onLinux) return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
    const line = execFileSync('ps', ['-ww', '-o', 'args=', '-p', String(pid)], { encoding: 'utf8' }).trim();
    // ps joins with blanks and a path may hold some: only the part behind -D matters, up to the next option we pass.
    const [program = '', rest = ''] = line.split(' -D ');
    return [program, '-D', rest.split(' -p ')[0] ?? ''];
  } catch {
    return [];
  }
}

function answersSignal(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
