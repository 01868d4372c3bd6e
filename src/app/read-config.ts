import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { load } from '../config/load.ts';
import { type Problem, ToolError } from '../model/problem.ts';
import type { DesiredState } from '../model/state.ts';

/** Far above any file written by hand, far below what would fill the memory. */
const maxBytes = 8 * 1024 * 1024;

/** Reads the files, or all `*.yaml` and `*.yml` of a directory, as one. Throws every problem in them at once. */
export async function readConfig(paths: readonly string[], env: NodeJS.ProcessEnv): Promise<DesiredState> {
  const files = [...new Set((await collect(paths.map(filesAt))).flat())];
  const sources = await collect(files.map(async (file) => ({ file, text: await readText(file) })));
  return load(sources, { env, schema: JSON.parse(await readSchema()) as object });
}

/** The schema of the file, as it is shipped. */
export function readSchema(): Promise<string> {
  return readFile(new URL('../../schemas/trunkline.schema.json', import.meta.url), 'utf8');
}

async function filesAt(path: string): Promise<string[]> {
  const stats = await guarded(path, () => stat(path));
  if (!stats.isDirectory()) return [path];
  const names = await guarded(path, () => readdir(path));
  const files = names.filter((name) => /^[^.].*\.ya?ml$/.test(name)).sort();
  if (files.length === 0) throw unreadable(path, 'no_yaml_inside', '');
  return files.map((name) => join(path, name));
}

async function readText(file: string): Promise<string> {
  const stats = await guarded(file, () => stat(file));
  if (stats.size > maxBytes) throw unreadable(file, 'too_large', `${stats.size} bytes`);
  const bytes = await guarded(file, () => readFile(file));
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw unreadable(file, 'not_text', '');
  }
}

/** Waits for all, so that every file that cannot be read is told. */
async function collect<Value>(promises: readonly Promise<Value>[]): Promise<Value[]> {
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

async function guarded<Value>(file: string, read: () => Promise<Value>): Promise<Value> {
  try {
    return await read();
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    const reason =
      code === 'ENOENT' || code === 'ENOTDIR' ? 'missing' : code === 'EACCES' || code === 'EPERM' ? 'denied' : 'other';
    throw unreadable(file, reason, message);
  }
}

type Reason = Extract<Problem, { readonly code: 'file_unreadable' }>['reason'];

function unreadable(file: string, reason: Reason, detail: string): ToolError {
  return new ToolError([{ code: 'file_unreadable', file, reason, detail }]);
}
