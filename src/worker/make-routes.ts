import { withShardPart } from '../catalog/shard.ts';
import { readTableStates } from '../catalog/table-sync.ts';
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
  const { provider, queue, node, subscriber } = ends;
  const wanted = tables.filter(({ spec }) => !isLeftAlone(spec));
  const targets = await readTargetTables(
    subscriber,
    wanted.map(({ spec }) => spec.destination),
  );
  const projected = wanted.flatMap(({ spec }) => (isPlain(spec) ? [] : [spec.name]));
  const { sources } = await readSources(provider, queue, projected);
  const routes = new Map<string, Route>();
  const absent: TableName[] = [];
  for (const { spec: stored, skip } of wanted) {
    const spec = await withShardPart(subscriber, stored);
    const target = targets.get(spec.destination);
    if (target === undefined) absent.push(spec.destination);
    else routes.set(spec.name, { spec, target, skip, source: sources.get(spec.name), note: { queue, node } });
  }
  return { routes, absent };
}

/** Tables of the queue as the provider has them, those that it has, and the names that they have there. */
export async function readSources(
  provider: Session,
  queue: QueueName,
  tables: readonly TableName[],
): Promise<{
  readonly sources: ReadonlyMap<TableName, TargetTable>;
  readonly names: ReadonlyMap<TableName, TableName>;
}> {
  if (tables.length === 0) return { sources: new Map(), names: new Map() };
  const states = await readTableStates(provider, queue, tables);
  const names = new Map(
    tables.map((table) => {
      const destination = states.get(table)?.destination;
      return [table, destination === undefined || destination === null ? table : tableName(destination)];
    }),
  );
  const found = await readTargetTables(provider, [...names.values()]);
  const sources = new Map<TableName, TargetTable>();
  for (const [table, name] of names) {
    const source = found.get(name);
    if (source !== undefined) sources.set(table, source);
  }
  return { sources, names };
}
