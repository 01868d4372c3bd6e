import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

// src/db and dist/db lie equally deep, so one path serves both.
const root = fileURLToPath(new URL('../../sql/', import.meta.url));
const cache = new Map<string, string>();

/** Text of a file under `sql/`, such as `queries/live-nodes.sql`. */
export function sqlFile(path: string): string {
  let text = cache.get(path);
  if (text === undefined) {
    text = readFileSync(`${root}${path}`, 'utf8');
    cache.set(path, text);
  }
  return text;
}

/** The files of one bundled schema in the order they are installed. */
export function installScript(schema: string): readonly { readonly path: string; readonly text: string }[] {
  return sqlFile(`${schema}/install.list`)
    .split('\n')
    .map((line) => line.replace(/#.*/, '').trim())
    .filter((line) => line !== '')
    .map((line) => ({ path: `${schema}/${line}`, text: sqlFile(`${schema}/${line}`) }));
}
