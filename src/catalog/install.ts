import { readDriverError } from '../db/driver-errors.ts';
import type { Session } from '../db/session.ts';
import { installScript, type UpgradeScript, upgradeScripts } from '../db/sql-files.ts';
import { quoteIdent, quoteLiteral, sql } from '../db/statement.ts';
import { transaction } from '../db/transaction.ts';
import type { DatabaseName } from '../model/names.ts';
import { ToolError } from '../model/problem.ts';
import {
  bundledSchemas,
  compareVersions,
  type InstalledVersion,
  type SchemaChange,
  type SchemaName,
} from '../model/schemas.ts';

export { bundledSchemas } from '../model/schemas.ts';

// Beside the locks of apply: two of them may install on one database that their queues share.
export const installLock = sql("select pg_advisory_xact_lock(x'74726c6e'::int, 0)");

export interface InstallOptions {
  readonly database?: DatabaseName | undefined;
  /** Where the scripts from one version to the next come from. */
  readonly upgrades?: (schema: SchemaName) => readonly UpgradeScript[];
}

/** {@link changeSchemas} for bundled schemas that are missing. Gives the names that it installed. */
export function installSchemas(
  session: Session,
  names: readonly SchemaName[],
  database?: DatabaseName,
): Promise<readonly SchemaName[]> {
  const schemas = bundledSchemas.filter(({ name }) => names.includes(name));
  return changeSchemas(
    session,
    schemas.map((schema) => ({ ...schema, source: 'bundled' })),
    { database },
  );
}

/**
 * Installs what is missing and upgrades what is older, all of it or nothing, and records what was done. Schemas that came
 * meanwhile are left alone. Gives the names that it worked on.
 */
export async function changeSchemas(
  session: Session,
  changes: readonly SchemaChange[],
  options: InstallOptions = {},
): Promise<readonly SchemaName[]> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await changeOnce(session, changes, options);
    } catch (error) {
      if (attempt === attempts || !isRaceForRoles(error)) throw error;
    }
  }
}

const attempts = 5;
const roleTables = new Set(['pg_authid', 'pg_auth_members']);

/**
 * Extensions make their roles without looking out for another database of the server that does so at the same moment. The
 * loser finds them there when it comes again.
 */
function isRaceForRoles(error: unknown): boolean {
  const known = error instanceof ToolError ? readDriverError(error.cause) : undefined;
  return known?.sqlstate === '42710' || (known?.sqlstate === '23505' && roleTables.has(known.table ?? ''));
}

function changeOnce(
  session: Session,
  changes: readonly SchemaChange[],
  { database, upgrades = upgradeScripts }: InstallOptions,
): Promise<readonly SchemaName[]> {
  return transaction(session, async () => {
    await waitForInstallation(session);
    const there = await schemasThere(session, changes);
    const recorded = changes.some(({ from }) => from !== undefined) ? await recordedVersions(session) : new Map();
    const run = (file: SqlText) => runFile(session, file, database);
    const done: SchemaChange[] = [];
    for (const change of inOrder(changes)) {
      const { name, version, source } = change;
      if (change.from === undefined) {
        if (there.has(name)) continue;
        const files = source === 'extension' ? [extensionFile(name)] : installScript(name);
        for (const file of files) await run(file);
      } else {
        const from: string | undefined = recorded.get(name);
        if (from === undefined || compareVersions(from, version) >= 0) continue;
        for (const file of upgradeFiles(name, from, version, upgrades(name))) await run(file);
        if (name === 'pgq') await run(refreshCapture);
      }
      done.push(change);
    }
    if (done.some(({ name, from }) => name === 'pgq' && from !== undefined)) await run(remakeCaptures);
    for (const { name, version, source } of done) await session.query(sql(recordText, name, version, source));
    return done.map(({ name }) => name);
  });
}

/** Another installation takes its time; locks on tables are waited for as long as the session says, if it does. */
async function waitForInstallation(session: Session): Promise<void> {
  const [limit] = await session.query<{ was: string }>(sql("select current_setting('lock_timeout') as was"));
  await session.script("set local lock_timeout = '60s'");
  await session.query(installLock);
  if (limit !== undefined && limit.was !== '0') {
    await session.query(sql("select set_config('lock_timeout', $1, true)", limit.was));
  }
}

interface SqlText {
  readonly path: string;
  readonly text: string;
}

function inOrder(changes: readonly SchemaChange[]): readonly SchemaChange[] {
  return bundledSchemas.flatMap(({ name }) => changes.filter((change) => change.name === name));
}

async function schemasThere(session: Session, changes: readonly SchemaChange[]): Promise<ReadonlySet<string>> {
  const names = changes.map(({ name }) => name);
  const rows = await session.query<{ nspname: string }>(
    sql('select nspname from pg_catalog.pg_namespace where nspname = any($1::text[])', names),
  );
  return new Set(rows.map((row) => row.nspname));
}

async function recordedVersions(session: Session): Promise<Map<string, string>> {
  const rows = await session.query<{ component: string; version: string }>(
    sql('select component, version from trunkline.component for update'),
  );
  return new Map(rows.map((row) => [row.component, row.version]));
}

function extensionFile(name: SchemaName): SqlText {
  const text = `create extension ${quoteIdent(name)}`;
  return { path: text, text };
}

/**
 * What leads from one version to another: the scripts between them, which see to tables and to functions whose signature
 * changes; then all functions anew, which keep their grants, and the grants of those that are new.
 */
function upgradeFiles(
  schema: SchemaName,
  from: string,
  to: string,
  scripts: readonly UpgradeScript[],
): readonly SqlText[] {
  const between = scripts
    .filter((script) => compareVersions(script.from, from) >= 0 && compareVersions(script.to, to) <= 0)
    .sort((left, right) => compareVersions(left.from, right.from));
  const again = installScript(schema).filter(({ path }) => /\/functions\/|\/grants\.sql$/.test(path));
  return [
    ...between,
    ...again.map(({ path, text }) => ({
      path,
      text: text.replace(/^create function\b/gim, 'create or replace function'),
    })),
  ];
}

// These were written for the queues there are, and the installation has just put their first drafts in the place.
const refreshCapture: SqlText = {
  path: 'pgq: what is written for the queues there are',
  text: `select trunkline_capture.refresh_insert_row();
select trunkline_capture.refresh_grants(queue_id), trunkline_capture.refresh_current(queue_id) from pgq.queue;`,
};

// After all schemas, as it is Londiste's function that makes triggers.
const remakeCaptures: SqlText = {
  path: 'pgq: trunkline_capture.remake_captures()',
  text: `do $remake$ begin
    if pg_catalog.to_regclass('londiste.table_info') is not null then
        perform trunkline_capture.remake_captures();
    end if;
end $remake$;`,
};

const recordText = `insert into trunkline.component (component, version, source) values ($1, $2, $3)
on conflict (component) do update
set version = excluded.version, source = excluded.source, installed_at = pg_catalog.now(), installed_by = current_user`;

async function runFile(session: Session, file: SqlText, database: DatabaseName | undefined): Promise<void> {
  try {
    await session.script(file.text);
  } catch (error) {
    const known = readDriverError(error);
    if (known === undefined || known.transient) throw error;
    const { sqlstate, message: detail, hint } = known;
    const doing = file.path.endsWith('.sql') ? `installing sql/${file.path}` : file.path;
    const problem = { code: 'sql_failed', database, node: undefined, doing, sqlstate, detail, hint } as const;
    throw new ToolError([problem], { cause: error });
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

/** What brings schemas of these versions up to date, as one text for psql. It ends before it begins where they are not those. */
export function upgradeText(from: readonly InstalledVersion[]): string {
  const changes = bundledSchemas.flatMap(({ name, version: to }) =>
    from.filter((each) => each.name === name).map(({ version }) => ({ name, version, to })),
  );
  const files = changes.flatMap(({ name, version, to }) => [
    ...upgradeFiles(name, version, to, upgradeScripts(name)),
    ...(name === 'pgq' ? [refreshCapture] : []),
  ]);
  const last = changes.some(({ name }) => name === 'pgq') ? [remakeCaptures] : [];
  const list = changes.map(({ name, version, to }) => `${name} from ${version} to ${to}`).join(', ');
  return `-- Trunkline: upgrade ${list}.
-- Run as who installed it, with: psql -X -d DATABASE -f THIS_FILE
\\set ON_ERROR_STOP on
begin;

${checkScript(changes)}
${[...files, ...last].map(({ path, text }) => `-- ${path.endsWith('.sql') ? `sql/${path}` : path}\n${text.trimEnd()}\n`).join('\n')}
${recordScript(changes.map(({ name, to }) => `    (${quoteLiteral(name)}, ${quoteLiteral(to)})`).join(',\n'))}
commit;
`;
}

/** The first of several transactions that come to it goes through, the next finds newer versions. */
function checkScript(changes: readonly InstalledVersion[]): string {
  const checks = changes.map(
    ({
      name,
      version,
    }) => `    select version into found from trunkline.component where component = ${quoteLiteral(name)} for update;
    if found is distinct from ${quoteLiteral(version)} then
        raise exception 'schema ${name} is of version %, and this upgrades version ${version}', coalesce(found, 'unknown');
    end if;
`,
  );
  return `do $check$
declare
    found text;
begin
${checks.join('')}end;
$check$;
`;
}

function recordScript(rows: string): string {
  return `do $record$
begin
    if to_regclass('trunkline.component') is not null then
        insert into trunkline.component (component, version) values
${rows.replace(/^/gm, '        ')}
        on conflict (component) do update
        set version = excluded.version, source = excluded.source, installed_at = pg_catalog.now(), installed_by = current_user;
    end if;
end;
$record$;
`;
}
