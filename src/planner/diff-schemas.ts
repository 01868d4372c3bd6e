import {
  bundledSchemas,
  compareVersions,
  engineSchemas,
  type InstalledSchema,
  originalVersion,
  type SchemaChange,
  type SchemaName,
} from '../model/schemas.ts';
import type { LiveDatabase } from '../model/state.ts';
import type { DatabaseSpec } from '../model/topology.ts';
import { type Findings, mergeFindings, noFindings } from './findings.ts';
import { stepId } from './step-ids.ts';

/** What a database lacks of the schemas, from where it comes, and what of ours is older than this release. */
export function diffSchemas(spec: DatabaseSpec, live: LiveDatabase): Findings {
  const choice = chooseSource(spec, live);
  if (typeof choice !== 'string') return choice;
  const missing = bundledSchemas
    .filter(({ name }) => !live.schemas.has(name))
    .map((schema) => changeOf(schema, choice, live));
  const older = bundledSchemas.flatMap(({ name, version }): SchemaChange[] => {
    const found = live.schemas.get(name);
    if (found?.source !== 'bundled' || compareVersions(found.version, version) >= 0) return [];
    return [{ name, version, source: 'bundled', from: found.version }];
  });
  const schemas = [...missing, ...older];
  const { name } = spec;
  return mergeFindings([
    newerSchemas(spec, live),
    schemas.length === 0
      ? noFindings
      : {
          steps: [
            { id: stepId.install(name), kind: 'install_schemas', database: name, schemas, hazards: [], dependsOn: [] },
          ],
          warnings: [],
          problems: [],
        },
  ]);
}

/** Whose `pgq` the database has, or is about to get. */
export function pgqSource(spec: DatabaseSpec | undefined, live: LiveDatabase): InstalledSchema['source'] {
  const found = live.schemas.get('pgq')?.source;
  if (found !== undefined) return found;
  const choice = spec === undefined ? 'bundled' : chooseSource(spec, live);
  return typeof choice === 'string' ? choice : 'bundled';
}

type Source = SchemaChange['source'];

/** Where what is missing comes from: the schemas call each other, and each source knows only its own. */
function chooseSource(spec: DatabaseSpec, live: LiveDatabase): Source | Findings {
  const there = engineSchemas.filter((name) => live.schemas.has(name));
  const missing = engineSchemas.filter((name) => !live.schemas.has(name));
  const [found, ...others] = new Set(there.map((name) => live.schemas.get(name)?.source ?? 'foreign'));
  if (found === undefined) return chooseForBare(spec, live);
  if (spec.engine !== 'auto' && (found !== spec.engine || others.length > 0)) {
    const other = found === spec.engine ? (others[0] ?? found) : found;
    const { name: database, engine: wanted, at } = spec;
    return refused({ code: 'engine_differs', at, database, wanted, found: other, schemas: there });
  }
  if (missing.length === 0) return found === 'extension' ? 'extension' : 'bundled';
  if (others.length > 0 || found === 'foreign') {
    return refused({ code: 'schemas_incomplete', database: spec.name, there, missing });
  }
  return found === 'extension' ? requireExtensions(spec, live, missing, there) : 'bundled';
}

function chooseForBare(spec: DatabaseSpec, live: LiveDatabase): Source | Findings {
  switch (spec.engine) {
    case 'bundled':
      return 'bundled';
    case 'extension':
      return requireExtensions(spec, live, engineSchemas, []);
    case 'auto':
      return engineSchemas.every((name) => fits(name, live)) ? 'extension' : 'bundled';
  }
}

/** Older ones lack functions that the workers call. */
function fits(name: SchemaName, live: LiveDatabase): boolean {
  const offered = live.extensions.get(name);
  const ours = bundledSchemas.find((schema) => schema.name === name)?.version ?? '';
  return offered?.creatable === true && compareVersions(offered.version, originalVersion(ours)) >= 0;
}

function requireExtensions(
  { name: database }: DatabaseSpec,
  live: LiveDatabase,
  wanted: readonly SchemaName[],
  there: readonly SchemaName[],
): Source | Findings {
  const { user } = live;
  const absent = wanted.filter((name) => !live.extensions.has(name));
  if (absent.length > 0) {
    const reason = 'not_offered';
    return refused({ code: 'extensions_unavailable', database, reason, extensions: absent, there, user });
  }
  const denied = wanted.filter((name) => live.extensions.get(name)?.creatable !== true);
  if (denied.length === 0) return 'extension';
  return refused({ code: 'extensions_unavailable', database, reason: 'no_right', extensions: denied, there, user });
}

/** pgq_ext and trunkline stand alone: they are ours wherever no extension is to be had. */
function changeOf(
  { name, version }: (typeof bundledSchemas)[number],
  source: Source,
  live: LiveDatabase,
): SchemaChange {
  const offered = live.extensions.get(name);
  const extension = source === 'extension' && offered?.creatable === true;
  return extension ? { name, version: offered.version, source } : { name, version, source: 'bundled' };
}

function newerSchemas({ name: database }: DatabaseSpec, live: LiveDatabase): Findings {
  const schemas = bundledSchemas.flatMap(({ name, version: known }) => {
    const found = live.schemas.get(name);
    if (found?.source !== 'bundled' || compareVersions(found.version, known) <= 0) return [];
    return [{ name, version: found.version, known }];
  });
  if (schemas.length === 0) return noFindings;
  return { steps: [], warnings: [{ code: 'schemas_newer', database, schemas }], problems: [] };
}

function refused(problem: Findings['problems'][number]): Findings {
  return { steps: [], warnings: [], problems: [problem] };
}
