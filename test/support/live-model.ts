import { askedCapture } from '../../src/model/capture.ts';
import type { NodeName, QueueName, SequenceName, TableName } from '../../src/model/names.ts';
import type { LiveDatabase, LiveNode, LiveState, LiveTable, LiveTrigger } from '../../src/model/state.ts';
import type { RenameNode, Step } from '../../src/model/step.ts';
import type { TableSpec } from '../../src/model/table.ts';
import { decodeTable, encodeTable } from '../../src/model/table-codec.ts';
import { aLiveNode, databaseName, tickerSettings } from './builders.ts';

// What steps do to databases, without any: the planner can be tried on very many states this way. What the real functions do
// is shown by the scenarios on servers.

type Databases = Map<string, LiveDatabase>;

/** The state once the steps are done, and once workers and copies have come to rest. */
export function carryOut(live: LiveState, steps: readonly Step[]): LiveState {
  const databases: Databases = new Map();
  for (const [name, seen] of live.databases) if (seen.kind === 'reachable') databases.set(name, seen);
  for (const step of steps) carryOutOne(databases, step);
  return { databases: new Map([...databases].map(([name, seen]) => [databaseName(name), seen])) };
}

/** The state where apply was killed within the step: only its first parts are done. */
export function carryOutPartOf(live: LiveState, step: RenameNode, parts: number): LiveState {
  const databases: Databases = new Map();
  for (const [name, seen] of live.databases) if (seen.kind === 'reachable') databases.set(name, seen);
  for (const part of renaming.slice(0, parts)) part(databases, step);
  return { databases: new Map([...databases].map(([name, seen]) => [databaseName(name), seen])) };
}

function carryOutOne(databases: Databases, step: Step): void {
  switch (step.kind) {
    case 'install_schemas':
      change(databases, step.database, (seen) => ({
        ...seen,
        schemas: new Map([
          ...seen.schemas,
          ...step.schemas.map(({ name, version, source }) => [name, { version, source }] as const),
        ]),
      }));
      return;
    case 'create_root':
      putNode(
        databases,
        step.database,
        aNodeOf(step.queue, step.node, 'root', step.worker, [[step.node, step.location]]),
      );
      return;
    case 'create_branch':
    case 'create_leaf': {
      tell(databases, step.queue, step.node, step.location);
      onNode(databases, step.providerDatabase, step.queue, (node) => ({
        ...node,
        subscribers: new Map([...node.subscribers, [step.node, { worker: step.worker, watermark: 1n, lastTick: 1n }]]),
      }));
      if (step.existing) return;
      const provider = nodeOn(databases, step.providerDatabase, step.queue);
      const root = nodeOn(databases, step.rootDatabase, step.queue);
      const type = step.kind === 'create_branch' ? 'branch' : 'leaf';
      const places = [...root.members].map(([name, { location }]) => [name, location] as const);
      putNode(databases, step.database, {
        ...aNodeOf(step.queue, step.node, type, step.worker, places),
        provider: step.provider,
        mergesInto: step.kind === 'create_leaf' ? step.mergesInto : undefined,
        tables: new Map(
          [...provider.tables.values()].filter(({ local }) => local).map(({ name }) => [name, known(name)]),
        ),
        sequences: new Map([...provider.sequences.values()].map((one) => [one.name, { ...one, local: false }])),
      });
      return;
    }
    case 'set_ticker':
      onNode(databases, step.database, step.queue, (node) => ({ ...node, ticker: step.to }));
      return;
    case 'set_location': {
      const isRoot = nodeOn(databases, step.database, step.queue).type === 'root';
      if (isRoot) tell(databases, step.queue, step.member, step.to);
      else onNode(databases, step.database, step.queue, (node) => withMember(node, step.member, step.to));
      return;
    }
    case 'add_table':
      addTable(databases, step, step.table, step.triggerArgs);
      if (step.role === 'root')
        everyNode(databases, step.queue, (node) =>
          node.tables.has(step.table.name) ? node : withTable(node, known(step.table.name)),
        );
      return;
    case 'change_table':
      addTable(databases, step, step.to, step.triggerArgs);
      return;
    case 'set_table_options':
      onNode(databases, step.database, step.queue, (node) => {
        const before = node.tables.get(step.to.name);
        return before === undefined ? node : withTable(node, { ...before, ...stored(step.to) });
      });
      return;
    case 'resync_table':
      onNode(databases, step.database, step.queue, (node) => {
        const before = node.tables.get(step.table.name);
        return before === undefined ? node : withTable(node, { ...before, sync: { kind: 'missing' } });
      });
      return;
    case 'remove_table':
      removeTable(databases, step, step.table);
      if (step.role === 'root') {
        everyNode(databases, step.queue, (node) => ({
          ...node,
          tables: new Map([...node.tables].filter(([name]) => name !== step.table)),
        }));
      }
      return;
    case 'restore_triggers':
      onNode(databases, step.database, step.queue, (node) => {
        const before = node.tables.get(step.table.name);
        const triggers = triggersOf(step.queue, node, step.triggerArgs);
        return before === undefined ? node : withTable(node, { ...before, triggers });
      });
      return;
    case 'add_sequence':
      onNode(databases, step.database, step.queue, (node) => withSequence(node, step.sequence, true));
      if (step.role === 'root')
        everyNode(databases, step.queue, (node) =>
          node.sequences.has(step.sequence) ? node : withSequence(node, step.sequence, false),
        );
      return;
    case 'remove_sequence':
      onNode(databases, step.database, step.queue, (node) => withSequence(node, step.sequence, false));
      return;
    case 'change_provider': {
      const { worker } = nodeOn(databases, step.database, step.queue);
      if (step.fromDatabase !== undefined) signOff(databases, step.fromDatabase, step.queue, step.node);
      signOn(databases, step.toDatabase, step.queue, step.node, worker);
      onNode(databases, step.database, step.queue, (node) => ({ ...node, provider: step.to }));
      return;
    }
    case 'remove_subscription':
      signOff(databases, step.database, step.queue, step.subscriber);
      return;
    case 'change_role':
      onNode(databases, step.database, step.queue, (before) => {
        const leaf = step.to === 'leaf';
        const node: LiveNode = {
          ...before,
          type: step.to,
          closed: true,
          ticker: leaf ? undefined : tickerSettings({ maxLagMs: 3000 }),
          mergesInto: step.mergesInto,
          subscribers: leaf ? new Map() : before.subscribers,
        };
        const tables = [...node.tables].map(([name, table]) => {
          const triggers = table.local ? triggersOf(step.queue, node, step.triggerArgs) : [];
          return [name, { ...table, triggers }] as const;
        });
        return { ...node, tables: new Map(tables) };
      });
      return;
    case 'move_root': {
      const old = nodeOn(databases, step.fromDatabase, step.queue);
      tell(databases, step.queue, step.node, step.location);
      tell(databases, step.queue, step.from, step.fromLocation);
      onNode(databases, step.database, step.queue, asRoot);
      signOn(databases, step.database, step.queue, step.from, old.worker);
      onNode(databases, step.fromDatabase, step.queue, (node) => ({
        ...node,
        type: 'branch',
        provider: step.node,
        closed: true,
      }));
      signOff(databases, step.fromDatabase, step.queue, step.node);
      if (step.providerDatabase !== undefined) signOff(databases, step.providerDatabase, step.queue, step.node);
      return;
    }
    case 'reopen_root':
      onNode(databases, step.database, step.queue, asRoot);
      return;
    case 'replace_root':
      onNode(databases, step.database, step.queue, asRoot);
      everyNode(databases, step.queue, (node) => {
        const dead = { location: step.fromLocation, holdsPassword: false, dead: true };
        return { ...node, members: new Map([...node.members, [step.from, dead]]) };
      });
      return;
    case 'fence_root':
      onNode(databases, step.database, step.queue, (node) => ({ ...node, closed: true }));
      return;
    case 'rename_node':
      for (const part of renaming) part(databases, step);
      return;
    case 'drop_node':
      everyNode(databases, step.queue, (node) => ({
        ...node,
        members: new Map([...node.members].filter(([name]) => name !== step.node)),
        subscribers: new Map([...node.subscribers].filter(([name]) => name !== step.node)),
      }));
      change(databases, step.database, (seen) => ({
        ...seen,
        queues: new Map([...seen.queues].filter(([name]) => name !== step.queue)),
      }));
      return;
    default:
      throw new Error(`the model does not know what ${step.kind} does`);
  }
}

/** A name that is taken away at the root is taken away everywhere, as the root's word travels. */
const renaming: readonly ((databases: Databases, step: RenameNode) => void)[] = [
  (databases, { queue, node, location }) => tell(databases, queue, node, location),
  (databases, { queue, node, worker, providerDatabase }) => {
    if (providerDatabase !== undefined) signOn(databases, providerDatabase, queue, node, worker);
  },
  (databases, { database, queue, from, node: to, worker }) =>
    onNode(databases, database, queue, (node) => (node.name === from ? { ...node, name: to, worker } : node)),
  (databases, { queue, from, node: to, subscribers }) => {
    for (const { database } of subscribers)
      onNode(databases, database, queue, (node) => (node.provider === from ? { ...node, provider: to } : node));
  },
  (databases, { queue, from, providerDatabase }) => {
    if (providerDatabase !== undefined) signOff(databases, providerDatabase, queue, from);
  },
  (databases, { queue, from }) =>
    everyNode(databases, queue, (node) => ({
      ...node,
      members: new Map([...node.members].filter(([name]) => name !== from)),
    })),
];
export const partsOfRename = renaming.length;

function asRoot(node: LiveNode): LiveNode {
  return { ...node, type: 'root', provider: undefined, closed: false };
}

function signOn(databases: Databases, provider: string, queue: QueueName, node: NodeName, worker: string): void {
  onNode(databases, provider, queue, (before) => ({
    ...before,
    subscribers: new Map([...before.subscribers, [node, { worker, watermark: 1n, lastTick: 1n }]]),
  }));
}

function signOff(databases: Databases, provider: string, queue: QueueName, node: NodeName): void {
  onNode(databases, provider, queue, (before) => ({
    ...before,
    subscribers: new Map([...before.subscribers].filter(([name]) => name !== node)),
  }));
}

function addTable(
  databases: Databases,
  { database, queue }: { readonly database: string; readonly queue: QueueName },
  spec: TableSpec,
  args: readonly string[],
): void {
  onNode(databases, database, queue, (node) => {
    const aside = args.includes('virtual_table');
    const kept = args.filter((arg) => arg !== 'expect_sync');
    return withTable(node, {
      name: spec.name,
      local: true,
      ...stored(spec),
      sync: { kind: 'in_sync' },
      takenDown: false,
      triggers: aside ? [] : triggersOf(queue, node, kept),
    });
  });
}

/** Sequences that the table owns go with it. */
function removeTable(
  databases: Databases,
  { database, queue }: { readonly database: string; readonly queue: QueueName },
  table: TableName,
): void {
  const here = nodeOn(databases, database, queue).tables.get(table)?.spec?.destination ?? table;
  const owned = databases.get(database)?.tables.get(here)?.ownedSequences ?? [];
  onNode(databases, database, queue, (node) =>
    owned.reduce(
      (so, name) => (so.sequences.has(name) ? withSequence(so, name, false) : so),
      withTable(node, known(table)),
    ),
  );
}

/** As it is read back. */
function stored(spec: TableSpec): Pick<LiveTable, 'spec' | 'attrs'> {
  const { attrs, destination } = encodeTable(spec);
  return { attrs: attrs ?? undefined, spec: decodeTable(spec.name, { attrs, destination }) };
}

function known(name: TableName): LiveTable {
  return {
    name,
    local: false,
    spec: undefined,
    attrs: undefined,
    sync: { kind: 'missing' },
    takenDown: false,
    triggers: [],
  };
}

function triggersOf(queue: QueueName, { type }: LiveNode, args: readonly string[]): readonly LiveTrigger[] {
  const asked = askedCapture(args);
  return [`_londiste_${queue}`, `_londiste_${queue}_truncate`].map((name) => ({
    name,
    enabled: 'origin',
    function: 'pgq.logutriga',
    args: [queue, ...(type === 'leaf' ? ['deny'] : args)],
    operations: name.endsWith('_truncate') ? [] : asked.operations,
  }));
}

function aNodeOf(
  queue: QueueName,
  name: NodeName,
  type: LiveNode['type'],
  worker: string,
  places: readonly (readonly [NodeName, string])[],
): LiveNode {
  return {
    ...aLiveNode({ queue, name, type, worker }),
    // As pgq makes a queue.
    ticker: type === 'leaf' ? undefined : tickerSettings({ maxLagMs: 3000 }),
    members: new Map(
      places.map(([member, location]) => [member, { location: location as never, holdsPassword: false, dead: false }]),
    ),
  };
}

function withTable(node: LiveNode, table: LiveTable): LiveNode {
  return { ...node, tables: new Map([...node.tables, [table.name, table]]) };
}

function withSequence(node: LiveNode, name: SequenceName, local: boolean): LiveNode {
  return { ...node, sequences: new Map([...node.sequences, [name, { name, local, lastValue: 1n }]]) };
}

function withMember(node: LiveNode, member: NodeName, location: string): LiveNode {
  return {
    ...node,
    members: new Map([...node.members, [member, { location: location as never, holdsPassword: false, dead: false }]]),
  };
}

/** What the root says comes to every node by the queue. */
function tell(databases: Databases, queue: QueueName, member: NodeName, location: string): void {
  everyNode(databases, queue, (node) => withMember(node, member, location));
}

function everyNode(databases: Databases, queue: QueueName, to: (node: LiveNode) => LiveNode): void {
  for (const [name, { queues }] of databases) if (queues.has(queue)) onNode(databases, name, queue, to);
}

function nodeOn(databases: Databases, database: string, queue: QueueName): LiveNode {
  const node = databases.get(database)?.queues.get(queue);
  if (node === undefined) throw new Error(`${database} has no node of ${queue}`);
  return node;
}

function onNode(databases: Databases, database: string, queue: QueueName, to: (node: LiveNode) => LiveNode): void {
  putNode(databases, database, to(nodeOn(databases, database, queue)));
}

function putNode(databases: Databases, database: string, node: LiveNode): void {
  change(databases, database, (seen) => ({ ...seen, queues: new Map([...seen.queues, [node.queue, node]]) }));
}

function change(databases: Databases, name: string, to: (seen: LiveDatabase) => LiveDatabase): void {
  const seen = databases.get(name);
  if (seen === undefined) throw new Error(`the model has no database ${name}`);
  databases.set(name, to(seen));
}
