import { describe, inject, test } from 'vitest';
import type { SchemaName } from '../../src/model/schemas.ts';
import { type FreshDatabase, freshDatabase } from './database.ts';
import { debianAt, missingPackages } from './debian-process.ts';
import type { ServerVersion } from './server.ts';

/** Whose functions answer: ours, or the originals as Debian packages them. */
export interface Engine {
  readonly kind: 'bundled' | 'extension';
  readonly version: ServerVersion | 15;
}

const originals: Engine = { kind: 'extension', version: 15 };
/** Next to the originals on the same server, so that nothing else can make a difference. */
const besideThem: Engine = { kind: 'bundled', version: 15 };

/** The same tests for the originals, for our SQL on the same server, and for our SQL on other majors. */
export function onEngines(versions: readonly ServerVersion[], tests: (engine: Engine) => void): void {
  const others = versions.map((version): Engine => ({ kind: 'bundled', version }));
  for (const engine of [originals, besideThem, ...others]) on(engine, tests);
}

/** Tests of what our SQL does and the originals do not: each is told by docs/adr/0010-a-drop-in-with-listed-differences.md. */
export function onOurs(versions: readonly ServerVersion[], tests: (engine: Engine) => void): void {
  for (const version of versions) on({ kind: 'bundled', version }, tests);
}

/** Tests that ask both and compare the answers. */
export function onBoth(tests: (originals: Engine, ours: Engine) => void): void {
  on(originals, () => tests(originals, besideThem));
}

function on(engine: Engine, tests: (engine: Engine) => void): void {
  const title = engine.kind === 'extension' ? 'the original' : `our SQL on PostgreSQL ${engine.version}`;
  const missing = engine.version === 15 ? missingPackages() : undefined;
  if (missing === undefined) {
    describe(title, () => tests(engine));
  } else if ((process.env.CI ?? '') !== '') {
    test(title, () => {
      throw new Error(missing);
    });
  } else {
    describe.skip(`${title}: ${missing}`, () => tests(engine));
  }
}

/** An empty database with the schemas of an engine, of which ours has `pgq_ext` and `trunkline` besides. */
export function engineDatabase(
  { kind, version }: Engine,
  install: boolean | readonly SchemaName[] = true,
): Promise<FreshDatabase> {
  const what = kind === 'extension' ? 'extensions' : install;
  if (version !== 15) return freshDatabase({ version, install: what });
  const debian = inject('debian');
  if (debian === undefined) throw new Error("this project does not start Debian's server");
  return freshDatabase({ server: debianAt(debian), install: what });
}
