import type { TargetTable } from '../catalog/target-tables.ts';
import { quoteIdent, quoteName } from '../db/statement.ts';
import { splitName } from '../model/names.ts';
import { projectColumns, rowCondition } from '../model/projection.ts';
import type { TableSpec } from '../model/table.ts';
import type { CopyTexts } from './copy-pipe.ts';

/** Rows of a file that this transaction began can be written frozen: no vacuum need come over them again. */
export function copyTexts(
  source: TargetTable,
  target: TargetTable,
  spec: TableSpec,
  range: string | undefined,
  frozen: boolean,
): CopyTexts {
  const columns = copiedColumns(source, target, spec);
  const names = columns.map(({ name }) => name).join(', ');
  const conditions = [range, rowCondition(spec), spec.copy.where].filter((condition) => condition !== undefined);
  const whole = conditions.length === 0 && !source.partitioned && columns.every(({ stored }) => stored);
  const binary = columns.every(({ same: equal }) => equal);
  const format = binary ? 'format binary' : 'format text';
  const table = quoteName(source.name);
  // The rows of a table as they are need no query, which costs a twentieth more.
  const out = whole ? `${table} (${names})` : `(${selectOf(source, spec, columns, conditions)})`;
  return {
    out: `copy ${out} to stdout (${format})`,
    into: `copy ${quoteName(target.name)} (${names}) from stdin (${format}${frozen ? ', freeze' : ''})`,
  };
}

function selectOf(
  source: TargetTable,
  spec: TableSpec,
  columns: readonly CopiedColumn[],
  conditions: readonly string[],
): string {
  const list = columns.map(({ select }) => select).join(', ');
  const only = source.partitioned ? '' : 'only ';
  const alias = quoteIdent(splitName(spec.name).name);
  const where = conditions.length === 0 ? '' : ` where ${conditions.map((one) => `(${one}\n)`).join(' and ')}`;
  return `select ${list} from ${only}${quoteName(source.name)} as ${alias}${where}`;
}

interface CopiedColumn {
  readonly name: string;
  readonly select: string;
  /** Its binary form is the same on both sides. */
  readonly same: boolean;
  /** It is a column of the provider's rows as they lie in the file. */
  readonly stored: boolean;
}

function copiedColumns(source: TargetTable, target: TargetTable, spec: TableSpec): readonly CopiedColumn[] {
  const own = new Map(target.columns.filter(({ generated }) => !generated).map((column) => [column.name, column]));
  const given = new Map(source.columns.map((column) => [column.name, column]));
  return projectColumns(spec, [...given.keys()], [...own.keys()]).flatMap(({ name, expression }): CopiedColumn[] => {
    const to = own.get(name);
    const from = given.get(name);
    if (to === undefined) return [];
    const column = quoteIdent(name);
    if (expression === undefined) {
      const stored = from?.generated === false;
      return [{ name: column, select: column, same: from !== undefined && same(from, to), stored }];
    }
    // As text where it is of no built-in type: the provider may not have that.
    const select = to.builtIn ? `(${expression}\n)::${to.type}` : `(${expression}\n)`;
    return [{ name: column, select, same: to.builtIn, stored: false }];
  });
}

/** The binary form of a built-in type is the same on every supported version; of other types nobody promises. */
function same(left: TargetTable['columns'][number], right: TargetTable['columns'][number]): boolean {
  return left.builtIn && right.builtIn && left.fullType === right.fullType;
}
