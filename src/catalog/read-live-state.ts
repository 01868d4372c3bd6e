import type { Connector } from '../db/connector.ts';
import { readDriverError } from '../db/driver-errors.ts';
import type { Session } from '../db/session.ts';
import { sqlFile } from '../db/sql-files.ts';
import { sql } from '../db/statement.ts';
import { transaction } from '../db/transaction.ts';
import type { ExecutedFile } from '../model/migration.ts';
import { type DatabaseName, type QueueName, sequenceName } from '../model/names.ts';
import { type Problem, ToolError } from '../model/problem.ts';
import { bundledSchemas, type InstalledSchema, type OfferedExtension, type SchemaName } from '../model/schemas.ts';
import type { DesiredState, LiveDatabase, LiveNode, LiveState, Observation } from '../model/state.ts';
import {
  type AppliedRow,
  byQueue,
  type NodeRow,
  type QuietRow,
  type RelationRow,
  type ReplicatedSequenceRow,
  type ReplicatedTableRow,
  readApplied,
  readNode,
  readQuiet,
  readRelation,
  readReplicatedSequence,
  readReplicatedTable,
  readSeen,
  type SeenRow,
} from './live-rows.ts';
import { readReplacedTicks } from './replaced-root.ts';
import { readServerIdentity } from './trunkline.ts';

/** Looks at all databases of the files side by side. One that does not answer is part of the answer. */
export async function readLiveState(
  connector: Connector,
  desired: DesiredState,
  signal?: AbortSignal,
): Promise<LiveState> {
  const names = [...desired.databases.keys()];
  const seen = await Promise.all(names.map(async (name) => [name, await observe(connector, name, signal)] as const));
  return { databases: new Map(seen) };
}

async function observe(
  connector: Connector,
  name: DatabaseName,
  signal: AbortSignal | undefined,
): Promise<Observation> {
  try {
    return await look(connector, name, readDatabase, signal);
  } catch (error) {
    signal?.throwIfAborted();
    return { kind: 'unreachable', problem: lookProblem(name, error) };
  }
}

/** Why a look came to nothing, for the one who asked for it. */
export function lookProblem(database: DatabaseName, error: unknown): Problem {
  if (error instanceof ToolError && error.problems[0] !== undefined) return error.problems[0];
  const known = readDriverError(error);
  if (known === undefined) throw error;
  const { sqlstate, message: detail } = known;
  if (known.connectionLost) return { code: 'database_unreachable', database, reason: 'other', detail };
  return { code: 'sql_failed', database, node: undefined, doing: 'reading the catalogs', sqlstate, detail };
}

const lockTimeoutMs = 3000;
const attempts = 3;

/** One transaction that reads. A table may be locked out between the look at the locks and the look at its size. */
export async function look<Seen>(
  connector: Connector,
  name: DatabaseName,
  read: (session: Session) => Promise<Seen>,
  signal: AbortSignal | undefined,
): Promise<Seen> {
  for (let attempt = 1; ; attempt += 1) {
    await using session = await connector(name, {
      applicationName: 'trunkline look',
      // Names of types are read as the server prints them: the same on both sides only with the same path. And compiling a
      // look at catalogs takes longer than it saves.
      settings: { search_path: 'pg_catalog', jit: 'off', lock_timeout: `${lockTimeoutMs}ms` },
      signal,
    });
    try {
      return await transaction(session, () => read(session), 'isolation level repeatable read, read only');
    } catch (error) {
      if (attempt === attempts || readDriverError(error)?.sqlstate !== '55P03') throw error;
    }
  }
}

interface ServerRow {
  readonly server_version: number;
  readonly user_name: string;
  readonly database_oid: bigint;
  readonly may_identify: boolean;
  readonly superuser: boolean;
  readonly replicator: string;
  readonly replicator_superuser: boolean;
  readonly has_components: boolean;
  readonly has_executed: boolean;
  readonly has_nodes: boolean;
  readonly has_tables: boolean;
  readonly has_own: boolean;
  readonly has_replaced: boolean;
  readonly schemas: readonly SchemaRow[];
  readonly extensions: readonly (OfferedExtension & { readonly name: SchemaName })[];
}

interface SchemaRow {
  readonly name: SchemaName;
  readonly extensionVersion: string | null;
  readonly hasVersionFunction: boolean;
}

/** A number of round trips that does not depend on how much there is to see. */
export async function readDatabase(session: Session): Promise<LiveDatabase> {
  const names = bundledSchemas.map(({ name }) => name);
  const [server] = await session.query<ServerRow>({ text: sqlFile('queries/live-server.sql'), values: [names] });
  if (server === undefined) throw new Error('the server says nothing about its user');
  const [relations] = await session.query<{
    tables: readonly RelationRow[];
    sequences: readonly string[];
    falling: readonly string[];
  }>(sql(sqlFile('queries/live-relations.sql')));
  const tables = (relations?.tables ?? []).map(readRelation);
  return {
    kind: 'reachable',
    identity: await readIdentity(session, server),
    serverVersion: server.server_version,
    user: server.user_name,
    superuser: server.superuser,
    replicator: server.replicator,
    canReplicate: server.replicator_superuser || (await mayReplicate(session, server.replicator)),
    schemas: await readSchemas(session, server),
    extensions: new Map(server.extensions.map(({ name, ...offered }) => [name, offered])),
    queues: server.has_nodes ? await readNodes(session, server) : new Map(),
    tables: new Map(tables.map((table) => [table.name, table])),
    sequences: new Set((relations?.sequences ?? []).map(sequenceName)),
    fallingSequences: new Set((relations?.falling ?? []).map(sequenceName)),
    ...(server.has_own ? await readOwn(session) : { applied: new Map(), quietCopies: new Map(), serversSeen: [] }),
    executed: await readExecuted(session, server),
  };
}

/** A refusal would end the transaction of the look. */
async function readIdentity(session: Session, { may_identify, database_oid }: ServerRow) {
  const server = may_identify ? await readServerIdentity(session) : undefined;
  return server === undefined ? undefined : { server, oid: Number(database_oid) };
}

async function mayReplicate(session: Session, role: string): Promise<boolean> {
  if (session.serverVersion < 150_000) return false;
  const [row] = await session.query<{ granted: boolean }>(sql(sqlFile('queries/live-parameter-privilege.sql'), role));
  return row?.granted === true;
}

async function readSchemas(session: Session, server: ServerRow): Promise<ReadonlyMap<SchemaName, InstalledSchema>> {
  const components = server.has_components
    ? await session.query<{ component: string; version: string }>(sql(sqlFile('queries/live-components.sql')))
    : [];
  const installed = new Map(components.map((row) => [row.component, row.version]));
  const schemas = new Map<SchemaName, InstalledSchema>();
  const foreign: SchemaRow[] = [];
  for (const row of server.schemas) {
    const version = installed.get(row.name);
    if (row.extensionVersion !== null) schemas.set(row.name, { source: 'extension', version: row.extensionVersion });
    else if (version !== undefined) schemas.set(row.name, { source: 'bundled', version });
    else foreign.push(row);
  }
  for (const [name, version] of await foreignVersions(session, foreign)) {
    schemas.set(name, { source: 'foreign', version });
  }
  return schemas;
}

async function readExecuted(session: Session, server: ServerRow): Promise<ReadonlyMap<string, ExecutedFile>> {
  const executed = new Map<string, ExecutedFile>();
  const files = [
    ...(server.has_tables ? ['queries/live-executed.sql'] : []),
    ...(server.has_executed ? ['queries/live-recorded.sql'] : []),
  ];
  for (const file of files) {
    const rows = await session.query<ExecutedFile & { file: string }>(sql(sqlFile(file)));
    for (const { file: name, queue, sha256 } of rows) executed.set(name, { queue, sha256 });
  }
  return executed;
}

async function foreignVersions(session: Session, rows: readonly SchemaRow[]): Promise<[SchemaName, string][]> {
  const asked = rows.filter((row) => row.hasVersionFunction);
  const calls = asked.map((row) => `${row.name}.version()::text as ${row.name}`).join(', ');
  const [versions] = calls === '' ? [] : await session.query<Record<string, string | null>>(sql(`select ${calls}`));
  return rows.map((row) => [row.name, versions?.[row.name] ?? 'unknown']);
}

async function readOwn(session: Session): Promise<Pick<LiveDatabase, 'applied' | 'quietCopies' | 'serversSeen'>> {
  const [own] = await session.query<{
    applied: readonly AppliedRow[];
    quiet: readonly QuietRow[];
    seen: readonly SeenRow[];
  }>(sql(sqlFile('queries/live-own.sql')));
  return {
    applied: new Map((own?.applied ?? []).map(readApplied)),
    quietCopies: readQuiet(own?.quiet ?? []),
    serversSeen: (own?.seen ?? []).map(readSeen),
  };
}

/** The node of a queue as it is now, without its tables. */
export async function readNodeNow(session: Session, queue: QueueName): Promise<LiveNode | undefined> {
  return (await readNodes(session, { has_tables: false, has_replaced: false })).get(queue);
}

async function readNodes(
  session: Session,
  there: Pick<ServerRow, 'has_tables' | 'has_replaced'>,
): Promise<ReadonlyMap<QueueName, LiveNode>> {
  const [nodes] = await session.query<{ nodes: readonly NodeRow[] }>(sql(sqlFile('queries/live-nodes.sql')));
  const [replicated] = there.has_tables
    ? await session.query<{
        tables: readonly ReplicatedTableRow[];
        sequences: readonly ReplicatedSequenceRow[];
      }>(sql(sqlFile('queries/live-replicated.sql')))
    : [];
  const tables = byQueue(replicated?.tables ?? [], readReplicatedTable);
  const sequences = byQueue(replicated?.sequences ?? [], readReplicatedSequence);
  const rows = nodes?.nodes ?? [];
  const gaveUp = rows.some(({ members }) => members.some(([, , dead]) => dead));
  const replaced = there.has_replaced && gaveUp ? await readReplacedTicks(session) : new Map();
  const found = rows.map((row) => {
    const queue = row.queue as QueueName;
    const replicates = { tables: tables.get(queue) ?? new Map(), sequences: sequences.get(queue) ?? new Map() };
    return readNode(row, { ...replicates, replaced: replaced.get(queue) ?? new Map() });
  });
  return new Map(found.map((node) => [node.queue, node]));
}
