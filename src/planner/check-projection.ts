import type { NodeName, QueueName, TableName } from '../model/names.ts';
import type { Origin } from '../model/origin.ts';
import type { Problem } from '../model/problem.ts';
import { isChosen, isPlain, masksOf, mentioned, rowCondition } from '../model/projection.ts';
import type { TableFacts } from '../model/state.ts';
import type { TableSpec } from '../model/table.ts';
import type { WantedTable } from './expand-tables.ts';

interface Place {
  readonly at: Origin;
  readonly queue: QueueName;
  readonly node: NodeName;
}

/** What is said of columns that the root does not have, and of columns that find a row again. */
export function checkProjection(
  place: Place,
  spec: TableSpec,
  { facts: source, key }: Pick<WantedTable, 'facts' | 'key'>,
  target: TableFacts,
): Problem[] {
  if (isPlain(spec) && spec.handler?.kind !== 'shard') return [];
  const subject = { ...place, table: spec.name };
  const known = source.columns.map(({ name }) => name);
  const onTarget = new Set(target.columns.map(({ name }) => name));
  const masks = masksOf(spec);
  const unknown = [...new Set(namedColumns(spec))].filter((column) => !known.includes(column));
  const missing = [...masks.keys()].filter((column) => !onTarget.has(column) && !unknown.includes(column));
  const lost = (key ?? source.primaryKey ?? []).filter((column) => masks.has(column) || !isChosen(spec, column));
  return [
    ...unknown.map((column): Problem => ({ code: 'column_unknown', ...subject, column, known })),
    ...missing.map(
      (column): Problem => ({ code: 'masked_column_missing', ...subject, destination: target.name, column }),
    ),
    ...(lost.length === 0 ? [] : [{ code: 'key_column_lost', ...subject, columns: lost } as const]),
  ];
}

/**
 * What of a table depends on virtual columns of the root: triggers see NULL in their place, so that a first copy would have
 * the value and a change take it away.
 */
export function checkVirtual(
  place: Place & { readonly table: TableName; readonly destination: TableName },
  spec: TableSpec,
  source: TableFacts,
  target: TableFacts,
): Extract<Problem, { code: 'virtual_column_unseen' }> | undefined {
  const names = source.columns.filter(({ virtual }) => virtual).map(({ name }) => name);
  if (names.length === 0) return undefined;
  const masks = masksOf(spec);
  const columns = names.filter(
    (name) =>
      isChosen(spec, name) &&
      !masks.has(name) &&
      target.columns.some((column) => column.name === name && !column.generated),
  );
  const reads = (expression: string) => mentioned(expression, names, spec.name).length > 0;
  const condition = rowCondition(spec);
  const expressions = [
    ...(condition !== undefined && reads(condition)
      ? [spec.handler?.kind === 'shard' ? 'handler.shard' : 'where']
      : []),
    ...[...masks].filter(([, expression]) => reads(expression)).map(([column]) => `mask.${column}`),
  ];
  if (columns.length === 0 && expressions.length === 0) return undefined;
  return { code: 'virtual_column_unseen', ...place, virtual: names, columns, expressions };
}

/** A mask may make a column that only the node has. */
function namedColumns({ columns, handler }: TableSpec): readonly string[] {
  const rules = handler?.kind === 'obfuscate' ? handler.rules.map(({ column }) => column) : [];
  const key = handler?.kind === 'shard' ? [handler.key] : [];
  return [...(columns?.names ?? []), ...rules, ...key];
}
