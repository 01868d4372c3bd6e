import type { ColumnDefinition, ConstraintDefinition, TableDefinition } from '../../model/definition.ts';
import { isChosen, isPlain, masksOf, mentioned } from '../../model/projection.ts';
import type { TableSpec } from '../../model/table.ts';

interface Chosen {
  readonly table: TableDefinition;
  /** One line each: what the table is made without, and why. */
  readonly left: readonly string[];
}

/** The table as a node holds it that leaves columns out, or puts something else into them. */
export function chooseColumns(table: TableDefinition, spec: TableSpec): Chosen {
  if (isPlain(spec)) return { table, left: [] };
  const masked = masksOf(spec);
  const names = table.columns.map(({ name }) => name);
  const held = (name: string) => masked.has(name) || isChosen(spec, name);
  const read = (text: string) => mentioned(text, names, table.name);
  const left: string[] = [];
  /** Parts of the definition whose calls do not matter any more. */
  const gone = new Set<string>();
  const columns = table.columns.flatMap(columnThere);
  const constraints = table.constraints.flatMap(constraintThere);
  const indexes = table.indexes.filter(({ name, columns, unique }) => keeps(`index ${name}`, columns, unique));
  const sequences = table.sequences.filter(({ column }) => column === undefined || held(column));
  const policies = table.policies.filter(({ name, using, check }) => {
    const kept = keeps(`policy ${name}`, read(`${using ?? ''} ${check ?? ''}`), false);
    if (!kept) gone.add(`policy ${name}`);
    return kept;
  });
  const calls = table.calls.filter(({ part }) => !gone.has(part));
  return { table: { ...table, columns, constraints, indexes, sequences, policies, calls }, left };

  /** What is computed from a column that is not there comes from the root, as does what a mask puts into it. */
  function columnThere(column: ColumnDefinition): ColumnDefinition[] {
    const { name, generated, default: expression = '' } = column;
    const lacking = generated === undefined ? undefined : read(expression).find((used) => !held(used));
    const plain = generated !== undefined && (lacking !== undefined || masked.has(name));
    if (plain || !held(name)) gone.add(`the default of ${name}`);
    if (!held(name)) return [];
    if (!plain) return [column];
    if (generated === 'v' && lacking !== undefined) {
      left.push(`column ${name}: column ${lacking} is not held there`);
      return [];
    }
    const { generated: _generated, default: _default, ...rest } = column;
    return [rest];
  }

  function constraintThere(constraint: ConstraintDefinition): ConstraintDefinition[] {
    const { name, kind, columns, sql } = constraint;
    // The key stays, whatever its index carries along.
    if (kind === 'p') return [{ ...constraint, sql: sql.replace(included, '') }];
    const used = [...columns, ...read(included.exec(sql)?.[0] ?? '')];
    return keeps(`${kind === 'f' ? 'foreign key' : 'constraint'} ${name}`, used, true) ? [constraint] : [];
  }

  function keeps(what: string, used: readonly string[], restricts: boolean): boolean {
    const out = used.find((column) => !held(column));
    const changed = restricts ? used.find((column) => masked.has(column)) : undefined;
    if (out !== undefined) left.push(`${what}: column ${out} is not held there`);
    else if (changed !== undefined) left.push(`${what}: column ${changed} is masked there`);
    return out === undefined && changed === undefined;
  }
}

const included = / INCLUDE \([^)]*\)/;
