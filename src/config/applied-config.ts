import { ToolError } from '../model/problem.ts';
import type { DesiredState } from '../model/state.ts';
import type { Database } from './document.ts';
import { load } from './load.ts';
import { documentOf } from './write-document.ts';

/** The resolved files as they are kept in a database: JSON by the schema of the file, without any password. */
export function encodeAppliedConfig(desired: DesiredState): string {
  const document = documentOf(desired);
  const databases = Object.entries(document.databases ?? {}).map(([name, database]) => [
    name,
    withoutPassword(database),
  ]);
  return JSON.stringify({ ...document, databases: Object.fromEntries(databases) }, (_key, value: unknown) =>
    // A variable was put in long ago: what looks like one now is text.
    typeof value === 'string' ? value.replaceAll('$', '$$$$') : value,
  );
}

/** Undefined where another release wrote what this one can't read. */
export function decodeAppliedConfig(text: string, schema: object): DesiredState | undefined {
  try {
    return load([{ file: 'last applied', text }], { env: {}, schema });
  } catch (error) {
    if (error instanceof ToolError) return undefined;
    throw error;
  }
}

function withoutPassword(database: Database): Database {
  if (typeof database === 'string' || !('password' in database)) return database;
  const { password: _, ...rest } = database;
  return rest as Database;
}
