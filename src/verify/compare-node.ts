import { readNodePosition, readSequenceValues, type SequenceValue } from '../catalog/compare-reads.ts';
import type { Connector } from '../db/connector.ts';
import type { Session } from '../db/session.ts';
import type { ComparedNode, ComparedSequence } from '../model/comparison.ts';
import type { DatabaseName, NodeName, QueueName, TableName } from '../model/names.ts';
import { ToolError } from '../model/problem.ts';
import { compareTables } from './compare-tables.ts';
import type { RowSearch } from './find-rows.ts';
import { type OpenDeps, type Opened, openBothSides, type Sessions } from './open-sides.ts';

/** One subscriber, and what of it to compare. */
export interface CompareTarget {
  readonly queue: QueueName;
  readonly node: NodeName;
  readonly database: DatabaseName;
  readonly provider: NodeName;
  readonly providerDatabase: DatabaseName;
  /** By their name on either side; undefined is all. */
  readonly tables: ReadonlySet<TableName> | undefined;
  /** How many tables are read side by side. */
  readonly parallel: number;
  readonly search: RowSearch;
}

export interface CompareDeps extends OpenDeps {
  readonly connector: Connector;
}

export interface CompareResult {
  readonly compared: ComparedNode;
  /** All tables of the node. */
  readonly known: readonly TableName[];
}

/** Reads both sides of a node at one tick, without a lock on the provider's tables and without stopping its writers. */
export async function compareNode(target: CompareTarget, deps: CompareDeps): Promise<CompareResult> {
  const { queue, node } = target;
  await using sessions = await openSessions(target, deps);
  const live = await readNodePosition(sessions.control, queue);
  if (live !== undefined && live.node !== node) {
    throw new ToolError([
      { code: 'node_elsewhere', queue, database: target.database, expected: node, found: live.node },
    ]);
  }
  const opened = await openBothSides(queue, node, sessions, deps);
  const step = `compare/${queue}/${node}`;
  const description = `compare ${node} with ${target.provider} at tick ${opened.tick}`;
  const startedAt = deps.clock.now();
  deps.report({ kind: 'step_started', step, description });
  const { tables, known } = await compareTables(queue, sessions, target.tables, target.search);
  const sequences = target.tables === undefined ? await compareSequences(opened, sessions.control) : [];
  deps.report({ kind: 'step_done', step, description, elapsedMs: deps.clock.now() - startedAt });
  const { tick, workerError } = opened;
  return { compared: { queue, node, provider: target.provider, tick, workerError, tables, sequences }, known };
}

async function compareSequences(opened: Opened, subscriber: Session): Promise<ComparedSequence[]> {
  const values = await readSequenceValues(subscriber, opened.sequences);
  return opened.sequences.map((sequence) => {
    const left = opened.providerSequences.get(sequence);
    const right = values.get(sequence);
    return {
      sequence,
      provider: left?.lastValue,
      subscriber: right?.lastValue,
      behind: left === undefined || right === undefined || isBehind(right, left),
    };
  });
}

function isBehind(subscriber: SequenceValue, provider: SequenceValue): boolean {
  if (!provider.called) return false;
  return subscriber.called ? subscriber.lastValue < provider.lastValue : subscriber.lastValue <= provider.lastValue;
}

type OpenSessions = Sessions & AsyncDisposable;

async function openSessions(target: CompareTarget, deps: CompareDeps): Promise<OpenSessions> {
  const opened: Session[] = [];
  const close = async (): Promise<void> => {
    await Promise.all(opened.map((session) => session.close()));
  };
  const open = async (database: DatabaseName, signal: AbortSignal | undefined): Promise<Session> => {
    // Reading a large table takes as long as it takes; waiting for a lock does not.
    const settings = { statement_timeout: '0', lock_timeout: '10s' };
    const session = await deps.connector(database, { applicationName: 'trunkline compare', settings, signal });
    opened.push(session);
    return session;
  };
  const openMany = async (database: DatabaseName): Promise<Session[]> => {
    const sessions: Session[] = [];
    for (let index = 0; index < target.parallel; index += 1) sessions.push(await open(database, deps.signal));
    return sessions;
  };
  try {
    return {
      control: await open(target.database, undefined),
      ticker: await open(target.providerDatabase, deps.signal),
      providerReaders: await openMany(target.providerDatabase),
      subscriberReaders: await openMany(target.database),
      [Symbol.asyncDispose]: close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}
