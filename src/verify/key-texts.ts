import type { TargetTable } from '../catalog/target-tables.ts';
import type { Session } from '../db/session.ts';
import { sql } from '../db/statement.ts';
import { askApart } from './ask-apart.ts';

/** Whose text is the same under all settings and in all formats of events. */
const steadyTypes = new Set([
  'bigint',
  'boolean',
  'character varying',
  'integer',
  'name',
  'numeric',
  'smallint',
  'text',
  'uuid',
]);

/** One value of it may be written in several ways. */
export function isKeyTextVarying({ columns }: TargetTable, key: readonly string[]): boolean {
  return columns.some(({ name, type }) => key.includes(name) && !steadyTypes.has(type));
}

type Values = readonly (string | null)[];

/** Values of some columns as this session writes them, inside a transaction; undefined for those that are none of the columns' types. */
export async function writeKeysAlike(
  session: Session,
  { columns }: TargetTable,
  key: readonly string[],
  keys: readonly Values[],
): Promise<readonly (Values | undefined)[]> {
  const names = key.map((_, index) => `v${index}`);
  const typeOf = (name: string) => columns.find((column) => column.name === name)?.fullType ?? 'text';
  const texts = key.map((name, index) => `v.v${index}::${typeOf(name)}::text`);
  return await askApart(session, keys, async (some) => {
    const rows = await session.query<{ values: Values }>(
      sql(
        `select array[${texts.join(', ')}]::text[] as values
           from unnest(${key.map((_, index) => `$${index + 1}::text[]`).join(', ')}) with ordinality v(${names.join(', ')}, nr)
          order by v.nr`,
        ...key.map((_, index) => some.map((values) => values[index] ?? null)),
      ),
    );
    return rows.map(({ values }) => values);
  });
}
