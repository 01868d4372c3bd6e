import { type Problem, ToolError } from '../model/problem.ts';
import type { DesiredState } from '../model/state.ts';
import { checkMerges } from './check-merges.ts';
import { checkMoved } from './check-moved.ts';
import { checkNames } from './check-names.ts';
import { checkProviders } from './check-providers.ts';
import { checkDatabases, checkRoots } from './check-queues.ts';
import { checkRemoved } from './check-removed.ts';
import { checkTables } from './check-tables.ts';
import type { Environment } from './interpolate.ts';
import { merge } from './merge.ts';
import { parse, type Source } from './parse.ts';
import { originOf } from './place.ts';
import { resolve } from './resolve.ts';
import { isIncomplete, type Scope } from './scope.ts';
import { validate } from './validate.ts';

export interface LoadOptions {
  readonly env: Environment;
  /** `schemas/trunkline.schema.json`, parsed. */
  readonly schema: object;
}

/** Text of all files to what should be. Throws every problem in them at once. */
export function load(sources: readonly Source[], { env, schema }: LoadOptions): DesiredState {
  const files = sources.map((source) => {
    const parsed = parse(source, env);
    if (parsed.value === undefined) return { ...parsed, document: undefined, removed: new Set<string>() };
    const { document, removed, problems } = validate(parsed, schema);
    return { ...parsed, document, removed, problems: [...parsed.problems, ...problems] };
  });
  const merged = merge(files);
  const scope: Scope = {
    places: merged.places,
    removed: new Set(files.flatMap(({ removed }) => [...removed])),
    problems: [...files.flatMap(({ problems }) => problems), ...merged.problems],
  };
  // A file that could not be read at all may hold what the others seem to lack.
  if (files.some(({ document }) => document === undefined)) throw failure(scope.problems);
  const state = resolve(scope, merged.document);
  if (merged.document.databases === undefined && !isIncomplete(scope, 'databases')) {
    scope.problems.push({
      code: 'key_missing',
      at: originOf(scope.places, []),
      keys: ['databases'],
      example: 'databases: { source: { host: db1, dbname: shop } }',
    });
  }
  checkNames(scope, state, merged.document);
  checkRoots(scope, state, merged.document);
  checkDatabases(scope, state);
  checkProviders(scope, state);
  checkMerges(scope, state, merged.document);
  checkMoved(scope, state, merged.document);
  checkRemoved(scope, state, merged.document);
  checkTables(scope, state, merged.document);
  if (scope.problems.length > 0) throw failure(scope.problems);
  return state;
}

/** In the order of the files, top to bottom. */
function failure(problems: readonly Problem[]): ToolError {
  const files: string[] = [];
  for (const problem of problems) {
    const file = fileOf(problem);
    if (!files.includes(file)) files.push(file);
  }
  const sorted = problems.toSorted((a, b) => {
    const byFile = files.indexOf(fileOf(a)) - files.indexOf(fileOf(b));
    if (byFile !== 0 || !('at' in a) || !('at' in b)) return byFile;
    return a.at.line - b.at.line || a.at.column - b.at.column;
  });
  return new ToolError(sorted);
}

function fileOf(problem: Problem): string {
  if ('at' in problem) return problem.at.file;
  return 'file' in problem ? problem.file : '';
}
