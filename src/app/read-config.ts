import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { load } from '../config/load.ts';
import type { Source } from '../config/parse.ts';
import type { DesiredState } from '../model/state.ts';
import { collect, guarded, namesIn, readText, unreadable } from './read-files.ts';
import { withMigrations } from './read-migrations.ts';

/** Reads the files, or all `*.yaml` and `*.yml` of a directory, as one. Throws every problem in them at once. */
export async function readConfig(paths: readonly string[], env: NodeJS.ProcessEnv): Promise<DesiredState> {
  const sources = await readSources(paths);
  return withMigrations(load(sources, { env, schema: JSON.parse(await readSchema()) as object }));
}

export async function readSources(paths: readonly string[]): Promise<readonly Source[]> {
  const files = [...new Set((await collect(paths.map(filesAt))).flat())];
  return collect(files.map(async (file) => ({ file, text: await readText(file) })));
}

/** The schema of the file, as it is shipped. */
export function readSchema(): Promise<string> {
  return readFile(new URL('../../schemas/trunkline.schema.json', import.meta.url), 'utf8');
}

async function filesAt(path: string): Promise<string[]> {
  const stats = await guarded(path, () => stat(path));
  if (!stats.isDirectory()) return [path];
  const files = (await namesIn(path)).filter((name) => /^[^.].*\.ya?ml$/.test(name)).sort();
  if (files.length === 0) throw unreadable(path, 'no_yaml_inside', '');
  return files.map((name) => join(path, name));
}
