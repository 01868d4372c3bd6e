import type { TableDefinition } from '../../model/definition.ts';
import type { TableSpec } from '../../model/table.ts';

interface Chosen {
  readonly table: TableDefinition;
  /** One line each: what the table is made without, and why. */
  readonly left: readonly string[];
}

/** The table as a node holds it that leaves columns out, or puts something else into them. */
export function chooseColumns(table: TableDefinition, { columns, mask }: Pick<TableSpec, 'columns' | 'mask'>): Chosen {
  if (columns === undefined && mask.length === 0) return { table, left: [] };
  const named = new Set(columns?.names);
  const held = (name: string) => columns === undefined || named.has(name) === (columns.kind === 'include');
  const masked = new Set(mask.map(({ column }) => column));
  const left: string[] = [];
  const keeps = (what: string, used: readonly string[], restricts: boolean): boolean => {
    const out = used.find((column) => !held(column));
    const changed = restricts ? used.find((column) => masked.has(column)) : undefined;
    if (out !== undefined) left.push(`${what}: column ${out} is not held there`);
    else if (changed !== undefined) left.push(`${what}: column ${changed} is masked there`);
    return out === undefined && changed === undefined;
  };
  return {
    table: {
      ...table,
      columns: table.columns.filter(({ name }) => held(name)),
      constraints: table.constraints.filter(({ name, kind, columns: used }) =>
        keeps(`${kind === 'f' ? 'foreign key' : 'constraint'} ${name}`, used, kind !== 'p'),
      ),
      indexes: table.indexes.filter(({ name, columns: used, unique }) => keeps(`index ${name}`, used, unique)),
      sequences: table.sequences.filter(({ column }) => column === undefined || held(column)),
    },
    left,
  };
}
