import type { Hazard } from '../model/hazard.ts';
import type { NodeName, QueueName, TableName } from '../model/names.ts';
import type { LiveNode, LiveTable, TableFacts } from '../model/state.ts';
import type { ResyncTable, TableOnNode } from '../model/step.ts';
import type { TableSpec } from '../model/table.ts';
import { amountOf } from './amounts.ts';

/** The first copy of a table, into one that may hold rows already. */
export function firstCopyHazards(
  node: NodeName,
  spec: TableSpec,
  source: TableFacts,
  target: TableFacts | undefined,
): Hazard[] {
  const hazards: Hazard[] = [copies(node, spec, source)];
  if (target?.empty === false) {
    hazards.push({
      kind: 'truncates-target',
      detail: `${spec.destination} on ${node} holds rows, and is emptied before the copy.`,
    });
  }
  return hazards;
}

/** Another filter or another target: rows that were kept out before can only come with a fresh copy. */
export function copyAgainHazards(
  node: NodeName,
  from: TableSpec,
  to: TableSpec,
  source: TableFacts,
  /** Undefined where the plan makes it. */
  target: TableFacts | undefined,
): Hazard[] {
  if (target === undefined) {
    const detail = `${from.destination} on ${node} keeps its rows and gets no more changes.`;
    return [copies(node, to, source), { kind: 'stops-replication', detail }];
  }
  const left =
    from.destination === to.destination ? '' : `; ${from.destination} keeps its rows and gets no more changes`;
  return [
    copies(node, to, source),
    { kind: 'truncates-target', detail: `${to.destination} on ${node} is emptied before the copy${left}.` },
  ];
}

/** Nothing but the rows is to be different. */
export function resyncHazards(
  node: NodeName,
  spec: TableSpec,
  source: TableFacts,
  merged: ResyncTable['merged'],
): Hazard[] {
  const others = merged.map((other) => `${other.node} of ${other.queue}`).join(' and ');
  const rest = merged.length === 0 ? '' : `, and is filled again from ${others} too`;
  const ranges = (spec.copy.ranges ?? 1) > 1 ? ' Readers see it fill, as it is copied by ranges.' : '';
  return [
    copies(node, spec, source),
    { kind: 'truncates-target', detail: `${spec.destination} on ${node} is emptied before the copy${rest}.${ranges}` },
  ];
}

/** Rows that a closer filter does not let through. */
export function pruneHazards(node: NodeName, to: TableSpec, target: TableFacts): Hazard[] {
  const detail = `rows of ${to.destination} on ${node} that do not meet the new filter are deleted; it holds ${amountOf(target)}.`;
  return [{ kind: 'drops-data', detail }];
}

export function removeFromLeafHazards(node: NodeName, live: LiveTable, destination: TableName): Hazard[] {
  const hazards: Hazard[] = [
    {
      kind: 'stops-replication',
      detail: `${destination} on ${node} keeps its rows and gets no more changes; to have it back it is copied anew.`,
    },
  ];
  // A table that is parked has all its rows.
  if (live.sync.kind === 'in_copy' || live.takenDown) {
    hazards.push({
      kind: 'truncates-target',
      detail: `the first copy of ${destination} on ${node} is not finished: the rows that it brought go.`,
    });
  }
  return hazards;
}

export function removeFromRootHazards(queue: QueueName, node: NodeName, table: TableName): Hazard[] {
  return [
    {
      kind: 'stops-replication',
      detail: `changes to ${table} on ${node} are no longer captured for ${queue}; to have it back every node copies it anew.`,
    },
  ];
}

/** What went by unseen, as far as it is known from when on, and how each node that reads from this one gets it. */
export function lostEventsHazards(
  node: NodeName,
  table: TableName,
  window: { readonly notBefore: string | undefined; readonly subscribers: readonly NodeName[] },
): Hazard[] {
  const since = window.notBefore === undefined ? '' : `; the apply of ${window.notBefore} left nothing to mend there`;
  const resync = window.subscribers.map((name) => `"trunkline resync ${name} ${table} --below"`);
  const mend =
    resync.length === 0 ? '' : `, and ${resync.join(' and ')} ${resync.length === 1 ? 'copies' : 'copy'} it again`;
  return [
    {
      kind: 'loses-events',
      detail: `changes made to ${table} on ${node} are not captured until this step. Since when is not on record${since}. "trunkline compare --table ${table}" shows where it differs${mend}.`,
    },
  ];
}

export function dropNodeHazards(queue: QueueName, node: NodeName, tables: number): Hazard[] {
  const left = tables === 1 ? 'its table keeps its rows and gets' : `its ${tables} tables keep their rows and get`;
  return [{ kind: 'stops-replication', detail: `${node} leaves ${queue}: ${left} no more changes.` }];
}

export function dropQueueHazards(queue: QueueName, node: NodeName): Hazard[] {
  return [
    {
      kind: 'loses-events',
      detail: `the queue ${queue} on ${node} goes with all events that a consumer has not read yet.`,
    },
  ];
}

/** Copies are told from later changes by transaction numbers of the provider: from another one they begin anew. */
export function restartedCopiesHazards(node: NodeName, live: LiveNode): Hazard[] {
  const tables = [...live.tables.values()].filter(
    ({ local, sync }) => local && sync.kind !== 'in_sync' && sync.kind !== 'missing',
  );
  if (tables.length === 0) return [];
  const names = tables.map(({ name }) => name).join(', ');
  return [{ kind: 'copies-data', detail: `the first copy of ${names} on ${node} is not finished, and begins anew.` }];
}

export function changeRoleHazards(node: NodeName, tables: number): Hazard[] {
  if (tables === 0) return [];
  const what = tables === 1 ? 'its table is' : `its ${tables} tables are`;
  return [
    {
      kind: 'takes-exclusive-lock',
      detail: `${what} locked on ${node} while the triggers change, in one transaction; no row is copied.`,
    },
  ];
}

/** `found`: by which name the root has its table, and who gave it. */
export function renameTableHazards(
  root: {
    readonly node: NodeName;
    readonly from: TableName;
    readonly to: TableName;
    readonly found: 'old_name' | 'others' | 'earlier_try';
  },
  nodes: readonly TableOnNode[],
): Hazard[] {
  const { node, from, to, found } = root;
  const there = found === 'old_name';
  const renamed = nodes.flatMap(({ node: name, names }) =>
    names === undefined || names.from === names.to ? [] : [name],
  );
  const on = [...(there ? [node] : []), ...renamed];
  const triggers = there ? '' : `${to} is locked on ${node} for a moment while its triggers get the new name. `;
  const names =
    on.length === 0
      ? ''
      : `${from} is locked on ${on.join(' and ')}${on.length === 1 ? ' for a moment' : ', for a moment and one after the other,'} while it becomes ${to}: programs and functions that use the old name fail from then on. `;
  const lock: Hazard = { kind: 'takes-exclusive-lock', detail: `${triggers}${names}No row is copied.` };
  if (found !== 'others') return [lock];
  return [
    lock,
    {
      kind: 'loses-events',
      detail: `${from} is called ${to} on ${node} already: what its triggers wrote under the new name until now, no node has taken. "trunkline compare --table ${to}" shows where it differs, and "trunkline resync NODE ${to}" copies it again there.`,
    },
  ];
}

export function movesRootHazards(node: NodeName, from: NodeName): Hazard[] {
  return [
    {
      kind: 'moves-root',
      detail: `writes to replicated tables are refused on ${from} from then on, and taken on ${node} once it has every change of ${from}: between the two nobody takes any.`,
    },
  ];
}

export function replacesRootHazards(live: LiveNode, from: NodeName): Hazard[] {
  const { name: node, lastTick } = live;
  return [
    {
      kind: 'moves-root',
      detail: `writes to replicated tables are taken on ${node} from then on. ${from} can not be told: keep applications away from it, or it takes writes too.`,
    },
    {
      kind: 'loses-events',
      detail: `what ${from} took after tick ${lastTick}, the last that ${node} has read, is on no node that answers.`,
    },
  ];
}

export function fenceRootHazards(node: NodeName): Hazard[] {
  return [{ kind: 'blocks-writes', detail: `writes to replicated tables are refused on ${node} from then on.` }];
}

function copies(node: NodeName, spec: TableSpec, source: TableFacts): Hazard {
  const part = spec.where === undefined || source.empty ? '' : ', as far as the filter lets them through';
  return {
    kind: 'copies-data',
    // The sentence of most steps of a large plan: joined it is one text, where a template keeps a chain of its pieces.
    detail: [spec.name, ' is copied to ', node, ': ', amountOf(source), part, '.'].join(''),
  };
}
