import { readDriverError } from '../db/driver-errors.ts';
import type { Session } from '../db/session.ts';
import { installScript, sqlFile } from '../db/sql-files.ts';
import { quoteIdent, sql } from '../db/statement.ts';
import { transaction } from '../db/transaction.ts';
import type { DatabaseName } from '../model/names.ts';
import { ToolError } from '../model/problem.ts';
import { bundledSchemas, type SchemaName } from '../model/schemas.ts';
import type { Uninstallation } from '../model/uninstallation.ts';
import { installLock } from './install.ts';

/** Undefined where the installer has put nothing into the database. */
export async function readUninstallation(
  session: Session,
  database: DatabaseName,
): Promise<Uninstallation | undefined> {
  const [there] = await session.query<{ recorded: boolean; queues: boolean; nodes: boolean }>(
    sql(`select to_regclass('trunkline.component') is not null as recorded, to_regclass('pgq.queue') is not null as queues,
                to_regclass('pgq_node.node_info') is not null as nodes`),
  );
  if (there?.recorded !== true) return undefined;
  const components = await readComponents(session);
  if (components.length === 0) return undefined;
  const { ours, foreign } = sorted(await readObjects(session, components), components);
  const count = (schemas: readonly string[], kind: string) =>
    ours.filter((object) => schemas.includes(object.schema) && object.kind === kind).length;
  return {
    database,
    schemas: components.map(({ name, version, source }) => {
      const schemas = source === 'bundled' ? schemasOf(name) : [];
      return { name, version, source, tables: count(schemas, 'table'), functions: count(schemas, 'function') };
    }),
    triggers: (await readTriggers(session, components)).filter(({ inside }) => !inside).map(({ trigger }) => trigger),
    queues: there.queues ? await texts(session, 'select queue_name as text from pgq.queue order by 1') : [],
    nodes: there.nodes
      ? await texts(
          session,
          "select format('%s of %s', node_name, queue_name) as text from pgq_node.node_info order by 1",
        )
      : [],
    foreign: foreign.map(({ described }) => described),
  };
}

/**
 * Takes away what `seen` lists, all of it or nothing. Nothing goes that was not named: the server refuses where anything
 * of the user's depends on it.
 */
export async function uninstall(session: Session, seen: Uninstallation): Promise<void> {
  const { database } = seen;
  try {
    await transaction(session, async () => {
      await session.script("set local lock_timeout = '10s'");
      await session.query(installLock);
      const now = await readUninstallation(session, database);
      if (JSON.stringify(now) !== JSON.stringify(seen)) {
        throw new ToolError([{ code: 'plan_outdated', databases: [database] }]);
      }
      for (const text of await dropStatements(session)) await session.script(text);
    });
  } catch (error) {
    const known = error instanceof ToolError ? undefined : readDriverError(error);
    if (known === undefined || known.connectionLost) throw error;
    if (known.dependents !== undefined) {
      throw new ToolError([{ code: 'uninstall_blocked', database, objects: known.dependents.split('\n') }], {
        cause: error,
      });
    }
    const { sqlstate, message: detail, hint } = known;
    const doing = 'taking away what was installed';
    const problem = { code: 'sql_failed', database, node: undefined, doing, sqlstate, detail, hint } as const;
    throw new ToolError([problem], { cause: error });
  }
}

async function dropStatements(session: Session): Promise<readonly string[]> {
  const components = await readComponents(session);
  const { ours } = sorted(await readObjects(session, components), components);
  const triggers = await readTriggers(session, components);
  const all = (kind: ObjectRow['kind']) => ours.filter((object) => object.kind === kind);
  const loose = all('sequence').filter(({ owner }) => owner === null);
  const extensions = components.filter(({ source }) => source === 'extension').map(({ name }) => quoteIdent(name));
  const schemas = components
    .filter(({ source }) => source === 'bundled')
    .flatMap(({ name }) => schemasOf(name))
    .map(quoteIdent);
  const list = (verb: string, names: readonly string[]) => (names.length === 0 ? [] : [`${verb} ${names.join(', ')}`]);
  const identities = (objects: readonly ObjectRow[]) => objects.map(({ identity }) => identity);
  return [
    ...triggers.map(({ trigger }) => `drop trigger ${trigger}`),
    // Functions give rows of tables; but for triggers no table needs a function.
    ...list('drop function', identities(all('function'))),
    ...list('drop table', identities(all('table'))),
    ...list('drop sequence', identities(loose)),
    ...list('drop extension', extensions),
    ...list('drop schema', schemas),
  ];
}

interface Component {
  readonly name: SchemaName;
  readonly version: string;
  readonly source: 'bundled' | 'extension';
}

/** The last one installed goes first. */
async function readComponents(session: Session): Promise<readonly Component[]> {
  const rows = await session.query<Component>(
    sql('select component as name, version, source from trunkline.component'),
  );
  return bundledSchemas.flatMap(({ name }) => rows.filter((row) => row.name === name)).reverse();
}

/** With `pgq` comes the schema of its helpers. */
function schemasOf(name: SchemaName): readonly string[] {
  return name === 'pgq' ? ['pgq', 'trunkline_capture'] : [name];
}

interface ObjectRow {
  readonly schema: string;
  readonly kind: 'table' | 'sequence' | 'function' | 'other';
  readonly name: string | null;
  readonly identity: string;
  readonly described: string;
  readonly owner: string | null;
}

function readObjects(session: Session, components: readonly Component[]): Promise<ObjectRow[]> {
  const schemas = components.flatMap(({ name }) => schemasOf(name));
  return session.query<ObjectRow>(sql(sqlFile('queries/uninstall-objects.sql'), schemas));
}

interface TriggerRow {
  readonly trigger: string;
  readonly inside: boolean;
}

function readTriggers(session: Session, components: readonly Component[]): Promise<TriggerRow[]> {
  const schemas = components.flatMap(({ name }) => schemasOf(name));
  return session.query<TriggerRow>(sql(sqlFile('queries/uninstall-triggers.sql'), schemas));
}

/** Of each queue, and of each table that is captured. */
const generated = [
  /^pgq\.event_\d+(_\d+|_id_seq|_tick_seq)?$/,
  /^trunkline_capture\.(current|put)_\d+$/,
  /^trunkline_capture\.table_[0-9a-f]{32}(_insert|_update|_delete)?$/,
];

function sorted(objects: readonly ObjectRow[], components: readonly Component[]) {
  const known = new Set(
    components.filter(({ source }) => source === 'bundled').flatMap(({ name }) => installedNames(name)),
  );
  const isOurs = ({ schema, kind, name, owner }: ObjectRow) => {
    const full = `${schema}.${name}`;
    return kind !== 'other' && (known.has(full) || known.has(owner ?? '') || generated.some((like) => like.test(full)));
  };
  return { ours: objects.filter(isOurs), foreign: objects.filter((object) => !isOurs(object)) };
}

/** Tables, sequences and functions of a schema as its files name them. */
function installedNames(schema: SchemaName): readonly string[] {
  return installScript(schema).flatMap(({ text }) =>
    [...text.matchAll(/^create (?:or replace )?(?:table|sequence|function)(?: if not exists)? (\w+\.\w+)/gim)].map(
      ([, name = '']) => name,
    ),
  );
}

async function texts(session: Session, text: string): Promise<readonly string[]> {
  const rows = await session.query<{ text: string }>(sql(text));
  return rows.map((row) => row.text);
}
