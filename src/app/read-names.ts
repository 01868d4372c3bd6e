import { type NamesInFiles, namesIn } from '../config/names-in.ts';
import { readSources } from './read-config.ts';

/** The names in the files, for completion. Files that can not be read have none. */
export async function readNames(paths: readonly string[]): Promise<Readonly<Record<string, readonly string[]>>> {
  const none: NamesInFiles = { database: [], queue: [], node: [], table: [] };
  const found = await readSources(paths).then(namesIn, () => none);
  return { ...found };
}
