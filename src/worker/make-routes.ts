import { withShardPart } from '../catalog/shard.ts';
import { readTableState } from '../catalog/table-sync.ts';
import { readTargetTables, type TargetTable } from '../catalog/target-tables.ts';
import type { Session } from '../db/session.ts';
import { type NodeName, type QueueName, type TableName, tableName } from '../model/names.ts';
import { isPlain } from '../model/projection.ts';
import { isLeftAlone, type TableSpec } from '../model/table.ts';
import type { Snapshot } from '../replay/snapshot.ts';
import type { Route } from './apply-batch.ts';

/** The two ends that a route connects. */
export interface RouteEnds {
  readonly provider: Session;
  readonly subscriber: Session;
  readonly queue: QueueName;
  readonly node: NodeName;
}

/** The routes of the tables given; those that the subscriber does not have come back by name. */
export async function makeRoutes(
  ends: RouteEnds,
  tables: readonly { readonly spec: TableSpec; readonly skip: Snapshot | undefined }[],
): Promise<{ readonly routes: Map<string, Route>; readonly absent: readonly TableName[] }> {
  const { queue, node, subscriber } = ends;
  const targets = await readTargetTables(
    subscriber,
    tables.map(({ spec }) => spec.destination),
  );
  const routes = new Map<string, Route>();
  const absent: TableName[] = [];
  for (const { spec: stored, skip } of tables) {
    if (isLeftAlone(stored)) continue;
    const spec = await withShardPart(subscriber, stored);
    const target = targets.get(spec.destination);
    if (target === undefined) absent.push(spec.destination);
    else {
      const source = isPlain(spec) ? undefined : await readSource(ends.provider, queue, spec.name);
      routes.set(spec.name, { spec, target, skip, source, note: { queue, node } });
    }
  }
  return { routes, absent };
}

/** A table of the queue as the provider has it, under its name there. */
async function readSource(provider: Session, queue: QueueName, table: TableName): Promise<TargetTable | undefined> {
  const name = await sourceName(provider, queue, table);
  return (await readTargetTables(provider, [name])).get(name);
}

export async function sourceName(provider: Session, queue: QueueName, table: TableName): Promise<TableName> {
  const destination = (await readTableState(provider, queue, table))?.destination;
  return destination === undefined || destination === null ? table : tableName(destination);
}
