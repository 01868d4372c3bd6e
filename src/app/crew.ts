import { createHash } from 'node:crypto';
import type { Connector } from '../db/connector.ts';
import type { DatabaseName, NodeName, QueueName } from '../model/names.ts';
import type { Report } from '../model/progress.ts';
import type { DesiredState } from '../model/state.ts';
import type { Connection, NodeSpec, QueueSpec } from '../model/topology.ts';
import type { Workers } from '../worker/supervisor.ts';
import { type Databases, openDatabases } from './databases.ts';

/** What a process is to work for. */
export interface CrewPlan {
  readonly desired: DesiredState;
  readonly queues: readonly QueueSpec[];
  /** Undefined: every node of the queues. */
  readonly nodes: ReadonlySet<NodeName> | undefined;
}

export interface CrewOptions {
  readonly stateDir: string;
  readonly env: NodeJS.ProcessEnv;
  readonly report: Report;
  readonly signal: AbortSignal;
  /** How long a batch in hand may take when its node stops. */
  readonly graceMs: number;
  readonly startNode: (
    databases: { readonly connector: Connector },
    queue: QueueSpec,
    node: NodeName,
    now: {
      readonly databaseOf: (queue: QueueName, node: NodeName) => DatabaseName | undefined;
      /** The files do not name the node any more: it is worked for until it is dropped. */
      readonly leaving: () => boolean;
    },
  ) => Workers;
}

/** Nodes as `queue/node`. */
export interface Turn {
  readonly started: readonly string[];
  /** The last plan named them, this one does not; they go on until they are dropped. */
  readonly leaving: readonly string[];
  readonly restarted: readonly string[];
}

/** The loops of this process, which can be turned to another plan while they run. */
export interface Crew extends AsyncDisposable {
  /** Throws before anything changes where a plan can't be followed. */
  turnTo(plan: CrewPlan): Promise<Turn>;
  /** The plan that is followed now. */
  current(): CrewPlan | undefined;
  databases(): Databases;
}

interface Member {
  /** What its loops were started with: another value means that they start anew. */
  readonly settings: string;
  readonly workers: Workers;
  leaving: boolean;
}

export function startCrew(options: CrewOptions): Crew {
  const members = new Map<string, Member>();
  /** Newest first, all kept open to the end: what the files do not name any more may be read from, and served, until it is dropped. */
  const turns: { readonly plan: CrewPlan; readonly databases: Databases }[] = [];
  const databases = (): Databases => {
    const [current] = turns;
    if (current === undefined) throw new Error('no plan to work by');
    return current.databases;
  };
  const connector: Connector = (name, sessionOptions) => {
    const knows = turns.find(({ plan }) => plan.desired.databases.has(name));
    return (knows?.databases ?? databases()).connector(name, sessionOptions);
  };
  const databaseOf = (queue: QueueName, node: NodeName) =>
    turns
      .map(({ plan }) => plan.desired.queues.get(queue)?.nodes.get(node)?.database)
      .find((database) => database !== undefined);

  function start(key: string, { queue, node }: Placed, settings: string): void {
    const leaving = () => members.get(key)?.leaving === true;
    const workers = options.startNode({ connector }, queue, node.name, { databaseOf, leaving });
    const member: Member = { settings, workers, leaving: false };
    members.set(key, member);
    void workers.ended.then(() => {
      if (members.get(key) === member) members.delete(key);
    });
  }

  async function turnTo(plan: CrewPlan): Promise<Turn> {
    const { desired } = plan;
    const reached = await openDatabases(desired, options);
    const wanted = new Map(
      placesOf(plan).map((place) => [
        `${place.queue.name}/${place.node.name}`,
        { place, settings: settingsOf(desired, place) },
      ]),
    );
    const known = new Set(members.keys());
    const leaving = [...members].filter(([key, member]) => !wanted.has(key) && !member.leaving).map(([key]) => key);
    const changed = [...wanted].filter(([key, { settings }]) => (members.get(key)?.settings ?? settings) !== settings);
    const restarted = changed.map(([key]) => key);
    await Promise.all(restarted.map((key) => members.get(key)?.workers.stop(options.graceMs)));
    for (const key of restarted) members.delete(key);
    turns.unshift({ plan, databases: reached });
    for (const [key, member] of members) member.leaving = !wanted.has(key);
    for (const [key, { place, settings }] of wanted) if (!members.has(key)) start(key, place, settings);
    return { started: [...wanted.keys()].filter((key) => !known.has(key)), leaving, restarted };
  }

  return {
    turnTo,
    current: () => turns[0]?.plan,
    databases,
    async [Symbol.asyncDispose]() {
      await Promise.all([...members.values()].map(({ workers }) => workers.stop(options.graceMs)));
      for (const { databases: reached } of turns) await reached[Symbol.asyncDispose]();
    },
  };
}

interface Placed {
  readonly queue: QueueSpec;
  readonly node: NodeSpec;
}

function placesOf({ queues, nodes }: CrewPlan): readonly Placed[] {
  return queues.flatMap((queue) =>
    [...queue.nodes.values()]
      .filter((node) => nodes === undefined || nodes.has(node.name))
      .map((node) => ({ queue, node })),
  );
}

/** Of a node: how it and its provider are reached, and what its loops were told. A digest, as passwords are among it. */
function settingsOf(desired: DesiredState, { queue, node }: Placed): string {
  const { name: _, at: __, ...spec } = node;
  const provider = node.placement.role === 'root' ? undefined : queue.nodes.get(node.placement.provider)?.database;
  const ticker = node.placement.role === 'root' ? queue.ticker : undefined;
  const connections = [node.database, provider].map((name) => revealed(desired, name));
  return createHash('sha256')
    .update(JSON.stringify([spec, ticker, connections]))
    .digest('hex');
}

function revealed(desired: DesiredState, name: DatabaseName | undefined): unknown {
  const database = name === undefined ? undefined : desired.databases.get(name);
  const connection: Connection | undefined = database?.connection;
  if (connection?.kind !== 'server') return connection;
  const { answerTimeoutMs } = database ?? {};
  return { ...connection.params, password: connection.params.password?.reveal(), answerTimeoutMs };
}
