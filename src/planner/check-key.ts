import type { Origin } from '../model/origin.ts';
import type { Problem, WholeRowFault } from '../model/problem.ts';
import type { TableFacts } from '../model/state.ts';
import type { WantedTable } from './expand-tables.ts';
import { qualifiedSql, quoteIfNeeded } from './quote-ident.ts';
import type { NodeScene, Scene } from './scene.ts';

/** The table as one node has it, and what of the file asks for it there. */
interface Held {
  readonly on: NodeScene;
  readonly facts: TableFacts;
  readonly at: Origin;
}

/** Rows have to be told apart by the primary key, or by what the file names in its place. */
export function checkKey({ queue, root }: Scene, table: WantedTable, { on, facts, at }: Held): Problem | undefined {
  const { key, named: fatal } = table;
  const replicated = on.node?.tables.get(table.facts.name)?.local === true;
  const subject = { at, queue: queue.name, node: on.spec.name, table: facts.name, replicated };
  if (key === undefined) {
    if (facts.primaryKey !== undefined) return undefined;
    return { code: 'table_without_key', ...subject, ...keyStatements(table.facts, facts, on === root), fatal };
  }
  const because = table.wholeRow ? wholeRowFault(table, on, facts) : unusable(key, on, facts);
  if (because === undefined) return undefined;
  const keySql = because === 'not_unique' ? uniqueKeySql(key, facts) : [];
  return { code: 'key_unusable', ...subject, key, because, keySql, fatal };
}

function keyStatements(source: TableFacts, facts: TableFacts, onRoot: boolean) {
  const alter = `ALTER TABLE ${qualifiedSql(facts.name)} ADD`;
  const makeKey = (columns: readonly string[]) => `${alter} PRIMARY KEY (${columns.map(quoteIfNeeded).join(', ')});`;
  if (!onRoot)
    return {
      keySql: source.primaryKey === undefined ? [] : [makeKey(source.primaryKey)],
      fileKeys: [],
      addKeySql: undefined,
    };
  const taken = facts.columns.some((column) => column.name === 'id');
  return {
    // A unique key that may hold NULL comes last: its columns have to be filled first.
    keySql: [...facts.uniqueKeys]
      .sort((left, right) => Number(right.notNull) - Number(left.notNull))
      .map((key) => makeKey(key.columns)),
    fileKeys: facts.uniqueKeys.filter(({ notNull }) => notNull).map(({ columns }) => columns),
    addKeySql: `${alter} COLUMN ${taken ? 'row_id' : 'id'} bigserial PRIMARY KEY;`,
  };
}

/** Every change is a row that comes or goes, by the text of all its columns. */
function wholeRowFault(
  { key = [], nodes }: WantedTable,
  on: NodeScene,
  facts: TableFacts,
): 'extension' | WholeRowFault | undefined {
  // Its triggers refuse an update of what they take for the key.
  if (on.triggerArgs.length === 0) return 'extension';
  if (facts.primaryKey !== undefined) return 'has_key';
  if (key.some((name) => name.includes(','))) return 'comma';
  const spec = nodes.get(on.spec.name)?.spec;
  return spec === undefined || spec.conflict === 'error' ? undefined : 'policy';
}

function unusable(
  key: readonly string[],
  on: NodeScene,
  facts: TableFacts,
): 'column_unknown' | 'not_unique' | 'extension' | undefined {
  // Their local_add_table wants a primary key.
  if (on.triggerArgs.length === 0 && facts.primaryKey === undefined) return 'extension';
  if (key.some((name) => !facts.columns.some((column) => column.name === name))) return 'column_unknown';
  const wanted = [...key].sort().join('\n');
  const unique = facts.uniqueKeys.filter(({ notNull }) => notNull).map(({ columns }) => columns);
  if (facts.primaryKey !== undefined) unique.push(facts.primaryKey);
  return unique.some((columns) => [...columns].sort().join('\n') === wanted) ? undefined : 'not_unique';
}

function uniqueKeySql(key: readonly string[], facts: TableFacts): string[] {
  const alter = `ALTER TABLE ${qualifiedSql(facts.name)}`;
  const nullable = facts.columns.filter(({ name, notNull }) => key.includes(name) && !notNull);
  const wanted = [...key].sort().join('\n');
  const there = facts.uniqueKeys.some(({ columns }) => [...columns].sort().join('\n') === wanted);
  return [
    ...nullable.map(({ name }) => `${alter} ALTER COLUMN ${quoteIfNeeded(name)} SET NOT NULL;`),
    ...(there ? [] : [`${alter} ADD UNIQUE (${key.map(quoteIfNeeded).join(', ')});`]),
  ];
}
