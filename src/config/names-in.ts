import { parse, type Source } from './parse.ts';

/** Names that a user may want to type, as far as the files show them. */
export interface NamesInFiles {
  readonly database: readonly string[];
  readonly queue: readonly string[];
  readonly node: readonly string[];
  readonly table: readonly string[];
}

/** Reads what can be read: a file with mistakes, or one whose environment is not set, has names all the same. */
export function namesIn(sources: readonly Source[]): NamesInFiles {
  const names = {
    database: new Set<string>(),
    queue: new Set<string>(),
    node: new Set<string>(),
    table: new Set<string>(),
  };
  for (const source of sources) {
    const document = parse(source, {}).value;
    for (const name of keysOf(at(document, 'databases'))) names.database.add(name);
    for (const [name, queue] of entriesOf(at(document, 'queues'))) {
      names.queue.add(name);
      for (const node of keysOf(at(queue, 'nodes'))) names.node.add(node);
      const tables = at(queue, 'tables');
      for (const entry of Array.isArray(tables) ? tables : [])
        for (const table of tablesOf(entry)) names.table.add(table);
    }
  }
  return { database: [...names.database], queue: [...names.queue], node: [...names.node], table: [...names.table] };
}

/** Patterns are no names. */
function tablesOf(entry: unknown): readonly string[] {
  const include = at(entry, 'include');
  const found = [entry, at(entry, 'name'), ...(Array.isArray(include) ? include : [])];
  return found.filter((text): text is string => typeof text === 'string' && !/[*?]/.test(text));
}

function at(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[key] : undefined;
}

function keysOf(value: unknown): readonly string[] {
  return entriesOf(value).map(([key]) => key);
}

function entriesOf(value: unknown): readonly [string, unknown][] {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.entries(value) : [];
}
