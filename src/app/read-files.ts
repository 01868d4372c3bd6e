import { readdir, readFile, stat } from 'node:fs/promises';
import { type Problem, ToolError } from '../model/problem.ts';

/** Far above any file written by hand, far below what would fill the memory. */
const maxBytes = 8 * 1024 * 1024;

/** A whole file as text. Throws `file_unreadable`; `missing` is what to call one that is not there. */
export async function readText(file: string, missing: Reason = 'missing'): Promise<string> {
  const stats = await guarded(file, () => stat(file), missing);
  if (stats.size > maxBytes) throw unreadable(file, 'too_large', `${stats.size} bytes`);
  const bytes = await guarded(file, () => readFile(file));
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw unreadable(file, 'not_text', '');
  }
}

/** Names of what is in a folder, in no order. */
export function namesIn(folder: string): Promise<string[]> {
  return guarded(folder, () => readdir(folder));
}

/** Waits for all, so that every file that cannot be read is told. */
export async function collect<Value>(promises: readonly Promise<Value>[]): Promise<Value[]> {
  const values: Value[] = [];
  const problems: Problem[] = [];
  for (const result of await Promise.allSettled(promises)) {
    if (result.status === 'fulfilled') values.push(result.value);
    else if (result.reason instanceof ToolError) problems.push(...result.reason.problems);
    else throw result.reason;
  }
  if (problems.length > 0) throw new ToolError(problems);
  return values;
}

export async function guarded<Value>(
  file: string,
  read: () => Promise<Value>,
  missing: Reason = 'missing',
): Promise<Value> {
  try {
    return await read();
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    const reason =
      code === 'ENOENT' || code === 'ENOTDIR' ? missing : code === 'EACCES' || code === 'EPERM' ? 'denied' : 'other';
    throw unreadable(file, reason, message);
  }
}

type Reason = Extract<Problem, { readonly code: 'file_unreadable' }>['reason'];

export function unreadable(file: string, reason: Reason, detail: string): ToolError {
  return new ToolError([{ code: 'file_unreadable', file, reason, detail }]);
}
