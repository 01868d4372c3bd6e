import type { ConnectionLimit } from '../model/checkup.ts';
import type { DatabaseName, NodeName } from '../model/names.ts';
import type { DesiredState, LiveDatabase, LiveState } from '../model/state.ts';
import type { NodeSpec, QueueSpec, TablePlacement, TableRule } from '../model/topology.ts';

/** What `run` opens at most, of what each limit counts: a server's is shared by all databases of the files that are on it. */
export function sessionsNeeded(
  desired: DesiredState,
  live: LiveState,
  database: DatabaseName,
): Readonly<Record<ConnectionLimit['of'], number>> {
  const sum = (names: readonly DatabaseName[]) =>
    names.reduce((sessions, name) => sessions + sessionsOn(desired, name), 0);
  const beside = besides(live, database);
  const own = live.databases.get(database);
  const user = own?.kind === 'reachable' ? own.user : undefined;
  return {
    server: sum([...beside.keys()]),
    role: sum([...beside].flatMap(([name, other]) => (other.user === user ? [name] : []))),
    database: sessionsOn(desired, database),
  };
}

/** The databases of the files on the same server, itself among them. */
export function besides(live: LiveState, database: DatabaseName): ReadonlyMap<DatabaseName, LiveDatabase> {
  const own = live.databases.get(database);
  const server = own?.kind === 'reachable' ? own.identity?.server : undefined;
  return new Map(
    [...live.databases].flatMap(([name, other]) =>
      other.kind === 'reachable' && (name === database || (server !== undefined && other.identity?.server === server))
        ? [[name, other] as const]
        : [],
    ),
  );
}

/** A worker with its copies, a ticker, whoever reads from there, and a look now and then. */
function sessionsOn(desired: DesiredState, database: DatabaseName): number {
  let sessions = 0;
  for (const queue of desired.queues.values()) {
    const streams = mostStreams(queue);
    const copies = (node: NodeSpec) => node.parallelCopies * (streams > 1 ? 1 + streams : 1);
    const nodes = [...queue.nodes.values()];
    for (const node of nodes.filter((one) => one.database === database)) {
      sessions += 3 + (node.placement.role === 'root' ? 0 : copies(node));
      for (const reader of nodes) {
        if (reader.placement.role === 'root') continue;
        if (reader.placement.provider === node.name) sessions += 2;
        if (copySources(queue, reader.name, reader.placement.provider).has(node.name)) sessions += copies(reader);
      }
    }
  }
  return sessions;
}

/** The nodes that any table of a node may be copied from. */
function copySources(
  { tables, tableDefaults }: QueueSpec,
  reader: NodeName,
  provider: NodeName,
): ReadonlySet<NodeName> {
  const chosen = tables.map(({ copy, nodes }) => {
    const placement = nodes?.get(reader);
    const own = placement === undefined || placement === 'none' ? undefined : placement.copy?.from;
    return own ?? copy?.from ?? tableDefaults.copy?.from;
  });
  // A file that says nothing of tables leaves them as they are.
  const froms = chosen.length === 0 ? [tableDefaults.copy?.from] : chosen;
  return new Set(froms.map((from) => (from === undefined || from === '?' ? provider : from)));
}

/** A copy by ranges keeps the session that began it, and has one more for each stream. */
function mostStreams({ tables, tableDefaults }: QueueSpec): number {
  const options = [tableDefaults, ...tables.flatMap((rule) => [rule, ...placements(rule)])];
  return Math.max(1, ...options.map(({ copy }) => copy?.ranges ?? 1));
}

function placements({ nodes }: TableRule): readonly TablePlacement[] {
  return [...(nodes?.values() ?? [])].filter((placement) => placement !== 'none');
}
