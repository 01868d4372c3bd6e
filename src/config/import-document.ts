import type { FoundCascade, FoundDatabase, FoundQueue, PlacedRemark, Remark } from '../model/cascade.ts';
import type { DatabaseName, NodeName } from '../model/names.ts';
import type { LiveNode } from '../model/state.ts';
import type { TickerSettings } from '../model/topology.ts';
import type { Database, Node, Queue, Ticker, TrunklineDocument } from './document.ts';
import { durationText } from './duration.ts';
import { type ImportedNode, importedSequences } from './import-sequences.ts';
import { importedTables } from './import-tables.ts';
import { builtIn } from './resolve.ts';

export interface ImportedDocument {
  readonly document: TrunklineDocument;
  readonly remarks: readonly PlacedRemark[];
}

/** The document that describes a cascade as it was found: what takes a built-in default is left out. */
export function importedDocument(cascade: FoundCascade): ImportedDocument {
  const remarks: PlacedRemark[] = cascade.remarks.map((remark) => ({ path: placeOf(remark), remark }));
  const queues: Record<string, Queue> = {};
  for (const [name, queue] of cascade.queues) queues[name] = queueOf(queue, cascade, remarks);
  // In the order of the nodes that live on them.
  const databases: Record<string, Database> = {};
  for (const { nodes } of Object.values(queues)) {
    for (const { database } of Object.values(nodes ?? {})) {
      const found = cascade.databases.get(database as DatabaseName);
      if (found !== undefined) databases[database] ??= databaseOf(found);
    }
  }
  return { document: { version: 1, databases, queues }, remarks };
}

function placeOf(remark: Remark): readonly string[] {
  if ('database' in remark) return ['databases', remark.database];
  if ('node' in remark) return ['queues', remark.queue, 'nodes', remark.node];
  return [];
}

export function databaseOf({ params, passwordVariable }: FoundDatabase): Database {
  const { password: _, connectTimeoutMs, ...texts } = params;
  const said: Record<string, unknown> = { ...texts };
  if (passwordVariable !== undefined) said.password = `\${${passwordVariable}}`;
  if (connectTimeoutMs !== undefined) said.connect_timeout = durationText(connectTimeoutMs);
  const database = present(said) as Database;
  // A mapping must say something; libpq's own default says the same.
  return Object.keys(database).length === 0 ? { host: 'localhost' } : database;
}

function queueOf(found: FoundQueue, cascade: FoundCascade, remarks: PlacedRemark[]): Queue {
  const nodes = placedNodes(found, cascade.databases);
  const root = nodes.find(({ role }) => role === 'root');
  const queue: Queue = {};
  const ticker = root?.live?.ticker === undefined ? {} : tickerOf(root.live.ticker);
  if (Object.keys(ticker).length > 0) queue.ticker = ticker;
  queue.nodes = Object.fromEntries(nodes.map((node) => [node.name, nodeOf(node, root)]));
  for (const node of nodes) {
    const path = ['queues', found.name, 'nodes', node.name];
    const about = { queue: found.name, node: node.name };
    if (node.live === undefined) remarks.push({ path, remark: { kind: 'node_guessed', ...about } });
    if (node.dead) remarks.push({ path, remark: { kind: 'node_dead', ...about } });
    if (node.live?.paused === true) remarks.push({ path, remark: { kind: 'node_paused', ...about } });
  }
  const tables = importedTables(found.name, nodes, remarks);
  if (tables.length > 0) queue.tables = tables;
  const sequences = importedSequences(found.name, nodes, remarks);
  if (sequences !== undefined) queue.sequences = sequences;
  return queue;
}

/** The root first, then each node behind its provider. */
function placedNodes({ name: queue, nodes }: FoundQueue, databases: FoundCascade['databases']): ImportedNode[] {
  const liveOf = (database: DatabaseName) => databases.get(database)?.live?.queues.get(queue);
  const seen = [...nodes].map(([name, database]): [NodeName, DatabaseName, LiveNode | undefined] => {
    const live = liveOf(database);
    return [name, database, live?.name === name ? live : undefined];
  });
  const lives = seen.flatMap(([, , live]) => live ?? []);
  const guessedRoot = lives.some(({ type }) => type === 'root')
    ? undefined
    : seen.find(([name, , live]) => live === undefined && lives.some(({ provider }) => provider === name))?.[0];
  const rootName = lives.find(({ type }) => type === 'root')?.name ?? guessedRoot;
  const placed = seen.map(([name, database, live]): ImportedNode => {
    const readsHere = lives.some(({ provider }) => provider === name);
    const provider = live?.provider ?? lives.find(({ subscribers }) => subscribers.has(name))?.name ?? rootName;
    return {
      name,
      database,
      live,
      facts: databases.get(database)?.live,
      role: live?.type ?? (name === rootName ? 'root' : readsHere ? 'branch' : 'leaf'),
      provider: name === rootName ? undefined : provider,
      dead: lives.some(({ members }) => members.get(name)?.dead === true),
    };
  });
  return inTreeOrder(placed, undefined);
}

function inTreeOrder(nodes: readonly ImportedNode[], above: NodeName | undefined): ImportedNode[] {
  return nodes
    .filter(({ provider }) => provider === above)
    .sort((left, right) => (left.name < right.name ? -1 : 1))
    .flatMap((node) => [node, ...inTreeOrder(nodes, node.name)]);
}

function nodeOf({ database, role, provider, live }: ImportedNode, root: ImportedNode | undefined): Node {
  return {
    database,
    role,
    ...(provider === undefined || provider === root?.name ? {} : { provider }),
    ...(live?.mergesInto === undefined ? {} : { merge_into: live.mergesInto }),
  };
}

function tickerOf(live: TickerSettings): Ticker {
  const { ticker } = builtIn;
  const said = {
    max_lag: durationText(live.maxLagMs),
    max_count: live.maxCount,
    idle_period: durationText(live.idlePeriodMs),
    rotation_period: durationText(live.rotationPeriodMs),
  };
  return Object.fromEntries(
    Object.entries(said).filter(([key, value]) => ticker[key as keyof typeof ticker] !== value),
  ) as Ticker;
}

function present(value: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(value).filter(([, item]) => item !== undefined));
}
