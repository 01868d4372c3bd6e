import { readDriverError } from '../db/driver-errors.ts';
import type { Session } from '../db/session.ts';
import { installScript } from '../db/sql-files.ts';
import { quoteLiteral, sql } from '../db/statement.ts';
import { transaction } from '../db/transaction.ts';
import type { DatabaseName } from '../model/names.ts';
import { ToolError } from '../model/problem.ts';
import { bundledSchemas, type SchemaName } from '../model/schemas.ts';

export { bundledSchemas } from '../model/schemas.ts';

// Beside the locks of apply: two of them may install on one database that their queues share.
const installLock = sql("select pg_advisory_xact_lock(x'74726c6e'::int, 0)");

/**
 * Installs what is missing of `names`, all of it or nothing, and records what was. Ones that came meanwhile are left
 * alone. Gives the names that it installed.
 */
export function installSchemas(
  session: Session,
  names: readonly SchemaName[],
  database?: DatabaseName,
): Promise<readonly SchemaName[]> {
  return transaction(session, async () => {
    await session.script("set local lock_timeout = '60s'");
    await session.query(installLock);
    const rows = await session.query<{ nspname: string }>(
      sql('select nspname from pg_catalog.pg_namespace where nspname = any($1::text[])', names),
    );
    const there = new Set(rows.map((row) => row.nspname));
    const missing = bundledSchemas.filter(({ name }) => names.includes(name) && !there.has(name));
    for (const { name } of missing) {
      for (const file of installScript(name)) await runFile(session, file, database);
    }
    for (const { name, version } of missing) await session.query(sql(recordText, name, version));
    return missing.map(({ name }) => name);
  });
}

const recordText = `insert into trunkline.component (component, version) values ($1, $2)
on conflict (component) do update
set version = excluded.version, installed_at = pg_catalog.now(), installed_by = current_user`;

async function runFile(
  session: Session,
  file: { readonly path: string; readonly text: string },
  database: DatabaseName | undefined,
): Promise<void> {
  try {
    await session.script(file.text);
  } catch (error) {
    const known = readDriverError(error);
    if (known === undefined || known.transient) throw error;
    const { sqlstate, message: detail } = known;
    const doing = `installing sql/${file.path}`;
    throw new ToolError([{ code: 'sql_failed', database, node: undefined, doing, sqlstate, detail }], { cause: error });
  }
}

/** The same as one text for psql: a transaction that stops at the first error, and ends with the record. */
export function installText(names: readonly SchemaName[]): string {
  const schemas = bundledSchemas.filter(({ name }) => names.includes(name));
  const list = schemas.map(({ name, version }) => `${name} ${version}`).join(', ');
  const files = schemas.flatMap(({ name }) => installScript(name));
  // The record lives in schema trunkline: without that schema here, it is written only where it is there already.
  const recorded = schemas
    .map(({ name, version }) => `    (${quoteLiteral(name)}, ${quoteLiteral(version)})`)
    .join(',\n');
  return `-- Trunkline: install ${list}.
-- Run as the owner to be, with: psql -X -d DATABASE -f THIS_FILE
\\set ON_ERROR_STOP on
begin;

${files.map(({ path, text }) => `-- sql/${path}\n${text.trimEnd()}\n`).join('\n')}
-- What was installed, for "trunkline plan" to see.
${recordScript(recorded)}
commit;
`;
}

function recordScript(rows: string): string {
  return `do $record$
begin
    if to_regclass('trunkline.component') is not null then
        insert into trunkline.component (component, version) values
${rows.replace(/^/gm, '        ')}
        on conflict (component) do update
        set version = excluded.version, installed_at = pg_catalog.now(), installed_by = current_user;
    end if;
end;
$record$;
`;
}
