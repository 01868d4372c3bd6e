import { existsSync, readdirSync, readFileSync } from 'node:fs';
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

/** Leads a schema from one version to a later one. */
export interface UpgradeScript {
  readonly from: string;
  readonly to: string;
  readonly path: string;
  readonly text: string;
}

/** Those of `sql/upgrades`, named `3.5+1-to-3.5+2.sql`. */
export function upgradeScripts(schema: string): readonly UpgradeScript[] {
  const folder = `upgrades/${schema}`;
  if (!existsSync(`${root}${folder}`)) return [];
  return readdirSync(`${root}${folder}`).flatMap((name) => {
    const [, from, to] = /^(.+)-to-(.+)\.sql$/.exec(name) ?? [];
    if (from === undefined || to === undefined) return [];
    return [{ from, to, path: `${folder}/${name}`, text: sqlFile(`${folder}/${name}`) }];
  });
}
