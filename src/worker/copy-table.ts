import { unregisterConsumers } from '../catalog/pgq.ts';
import { copyConsumer, readTableState, readTableStates, type TableState } from '../catalog/table-sync.ts';
import { readConsumers, unregisterLocalConsumers } from '../catalog/worker-state.ts';
import type { Session } from '../db/session.ts';
import type { NodeName } from '../model/names.ts';
import { ToolError } from '../model/problem.ts';
import { decodeSyncState } from '../model/sync-state-codec.ts';
import type { SyncState, TableSpec } from '../model/table.ts';
import { catchUp, handOver } from './copy-catch-up.ts';
import {
  type CopyJob,
  consumersOf,
  type Ends,
  type Member,
  type Members,
  namesOf,
  openSource,
  Parted,
  type Source,
  StateMoved,
} from './copy-ends.ts';
import { CopyMeter } from './copy-pipe.ts';
import { firstCopy } from './first-copy.ts';
import { signOffAt } from './foreign-copies.ts';
import { openSubscriber } from './sessions.ts';

/**
 * Brings tables from whatever state they are in to `ok`, by Londiste's states, so that either program can go on where the
 * other stopped. A copy that was cut short left nothing behind but its state, and starts again.
 */
export async function copyTables(job: CopyJob): Promise<void> {
  const { deps, tables } = job;
  await using subscriber = await openSubscriber(deps, 'copy');
  const source = await chooseSource(job, subscriber);
  await using provider = await openSource(deps, source, deps.kill);
  const member = (spec: TableSpec): Member => ({
    spec,
    consumer: copyConsumer(job.worker, spec.name),
    moved: new CopyMeter(),
    rowsTotal: undefined,
  });
  const [first, ...others] = tables;
  const members: Members = [member(first), ...others.map(member)];
  const ends: Ends = { job, source, provider, subscriber, startedAt: deps.clock.now(), members };
  while (!deps.stop.aborted) {
    const stands = await readStand(ends);
    if (stands === undefined) return;
    try {
      await advance(ends, stands.state, stands.snapshot);
    } catch (error) {
      if (!(error instanceof StateMoved)) throw error;
    }
  }
}

/** Where the tables stand, those left out that need nothing any more; undefined when all have come to their end. */
async function readStand(
  ends: Ends,
): Promise<{ readonly state: SyncState; readonly snapshot: string | undefined } | undefined> {
  const rows = await readTableStates(ends.subscriber, ends.job.deps.queue, namesOf(ends.members));
  const left: { member: Member; row: TableState; state: SyncState }[] = [];
  const over: Member[] = [];
  for (const member of ends.members) {
    const row = rows.get(member.spec.name);
    const state = row === undefined ? undefined : decodeSyncState(row.state);
    if (row === undefined || state === undefined || state.kind === 'in_sync') over.push(member);
    else left.push({ member, row, state });
  }
  if (over.length > 0) await signOff(ends, over);
  const [first, ...others] = left;
  if (first === undefined) return undefined;
  const placeOf = ({ row, state }: typeof first) => `${isAnew(state) || row.state} ${row.snapshot}`;
  if (others.some((other) => placeOf(other) !== placeOf(first)))
    throw new Parted('the tables do not stand alike any more');
  ends.members = [first.member, ...others.map(({ member }) => member)];
  return { state: first.state, snapshot: first.row.snapshot ?? undefined };
}

function isAnew({ kind }: SyncState): boolean {
  return kind === 'missing' || kind === 'in_copy';
}

/** What was begun at a node goes on there. Several tables begin at the provider. */
async function chooseSource(job: CopyJob, subscriber: Session): Promise<Source> {
  const { deps, tables, provider } = job;
  const [spec, ...others] = tables;
  if (others.length > 0) return provider;
  const consumer = copyConsumer(job.worker, spec.name);
  const row = await readTableState(subscriber, deps.queue, spec.name);
  const state = row === undefined ? undefined : decodeSyncState(row.state);
  const begun = (await readConsumers(subscriber, deps.queue)).find(({ name }) => name === consumer);
  const wanted = wantedSource(spec) ?? provider.node;
  const node = state !== undefined && isAnew(state) ? wanted : (begun?.provider ?? provider.node);
  if (begun !== undefined && begun.provider !== node) await signOffAt(deps, subscriber, begun.provider, [consumer]);
  if (node === provider.node) return provider;
  const database = deps.databaseOf(node);
  if (database === undefined) {
    throw new ToolError([{ code: 'node_not_in_file', queue: deps.queue, node, provider: undefined }]);
  }
  return { node, database };
}

/** Which node Londiste would search for is the provider, where that holds the table. */
export function wantedSource({ copy: { from } }: TableSpec): NodeName | undefined {
  return from === '?' ? undefined : from;
}

async function advance(ends: Ends, state: SyncState, snapshot: string | undefined): Promise<void> {
  switch (state.kind) {
    case 'missing':
    case 'in_copy':
      return firstCopy(ends);
    case 'catching_up':
      return catchUp(ends, snapshot);
    case 'wants_handover':
      return ends.job.waitForMain();
    case 'handing_over':
      return handOver(ends, state.atTick, snapshot);
    case 'in_sync':
      return;
  }
}

async function signOff({ job: { deps }, provider, subscriber }: Ends, members: readonly Member[]): Promise<void> {
  await unregisterConsumers(provider, deps.queue, consumersOf(members));
  await unregisterLocalConsumers(subscriber, deps.queue, consumersOf(members));
}
