import type { Connector } from '../db/connector.ts';
import { sqlFile } from '../db/sql-files.ts';
import { sql } from '../db/statement.ts';
import { type ReadLocation, readLocation } from '../model/location-codec.ts';
import { type DatabaseName, type NodeName, nodeName, type QueueName, queueName } from '../model/names.ts';
import type { LiveDatabase } from '../model/state.ts';
import { look, readDatabase } from './read-live-state.ts';

/** One database of a cascade, and what it knows of the others. */
export interface CascadeSight {
  /** The same for the same database, however it is reached. */
  readonly identity: string;
  readonly live: LiveDatabase;
  readonly locations: ReadonlyMap<QueueName, ReadonlyMap<NodeName, ReadLocation | undefined>>;
}

/** Reads a database and the locations it holds, passwords and all. */
export function readCascade(
  connector: Connector,
  name: DatabaseName,
  signal: AbortSignal | undefined,
): Promise<CascadeSight> {
  return look(
    connector,
    name,
    async (session) => {
      const [self] = await session.query<{ identity: string; has_nodes: boolean }>(
        sql(sqlFile('queries/cascade-identity.sql')),
      );
      const rows =
        self?.has_nodes === true ? await session.query<LocationRow>(sql(sqlFile('queries/cascade-locations.sql'))) : [];
      return { identity: self?.identity ?? '', live: await readDatabase(session), locations: byQueueAndNode(rows) };
    },
    signal,
  );
}

interface LocationRow {
  readonly queue: string;
  readonly node: string;
  readonly location: string;
}

function byQueueAndNode(rows: readonly LocationRow[]): CascadeSight['locations'] {
  const queues = new Map<QueueName, Map<NodeName, ReadLocation | undefined>>();
  for (const { queue, node, location } of rows) {
    const nodes = queues.get(queueName(queue)) ?? new Map<NodeName, ReadLocation | undefined>();
    queues.set(queueName(queue), nodes.set(nodeName(node), readLocation(location)));
  }
  return queues;
}
