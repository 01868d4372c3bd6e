import type { Connector } from '../db/connector.ts';
import { sqlFile } from '../db/sql-files.ts';
import { transaction } from '../db/transaction.ts';
import type { DatabaseCheckup } from '../model/checkup.ts';
import { type DatabaseName, type QueueName, type TableName, tableName } from '../model/names.ts';

interface ServerRow extends Pick<DatabaseCheckup, 'connections' | 'settings' | 'transactions' | 'prepared'> {
  readonly in_recovery: boolean;
  readonly writes_otherwise: readonly string[];
  readonly may_create: boolean;
  readonly is_writer: boolean | null;
  readonly has_tables: boolean;
  readonly has_capture: boolean;
}

interface TablesRow {
  readonly tables: number;
  readonly not_owned: readonly string[];
  readonly misfiring: readonly string[];
  readonly children: readonly string[];
}

export interface CheckupOptions {
  readonly queues: readonly QueueName[];
  /** From when on a transaction is old. */
  readonly oldMs: number;
  /** Oids of the databases on the server whose Trunkline sessions are none of others, beside its own. */
  readonly own: readonly number[];
  readonly signal?: AbortSignal | undefined;
}

/** In one snapshot and three round trips at most. */
export async function readCheckup(
  connector: Connector,
  database: DatabaseName,
  { queues, oldMs, own, signal }: CheckupOptions,
): Promise<DatabaseCheckup> {
  const settings = { lock_timeout: '5s', statement_timeout: '30s' };
  await using session = await connector(database, { applicationName: 'trunkline doctor', settings, signal });
  const read = async (): Promise<DatabaseCheckup> => {
    const [server] = await session.query<ServerRow>({
      text: sqlFile('queries/checkup-server.sql'),
      values: [oldMs, own],
    });
    if (server === undefined) throw new Error('the server says nothing of itself');
    const [held] = server.has_tables
      ? await session.query<TablesRow>({ text: sqlFile('queries/checkup-tables.sql'), values: [queues] })
      : [];
    const [captures] =
      server.has_tables && server.has_capture
        ? await session.query<{ outdated: readonly string[] }>({
            text: sqlFile('queries/checkup-captures.sql'),
            values: [queues],
          })
        : [];
    return {
      inRecovery: server.in_recovery,
      settings: server.settings,
      connections: server.connections,
      writesOtherwise: server.writes_otherwise,
      direct: session.direct,
      transactions: server.transactions,
      prepared: server.prepared,
      mayCreate: server.may_create,
      isWriter: server.is_writer ?? undefined,
      tables: held?.tables ?? 0,
      notOwned: names(held?.not_owned),
      misfiring: names(held?.misfiring),
      children: names(held?.children),
      outdated: names(captures?.outdated),
    };
  };
  return await transaction(session, read, 'isolation level repeatable read, read only');
}

function names(texts: readonly string[] = []): readonly TableName[] {
  return texts.map(tableName);
}
