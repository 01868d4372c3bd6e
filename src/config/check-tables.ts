import type { NodeName } from '../model/names.ts';
import type { Origin } from '../model/origin.ts';
import type { DesiredState } from '../model/state.ts';
import type { QueueSpec, TableRule } from '../model/topology.ts';
import type { Table, TrunklineDocument } from './document.ts';
import { nearest } from './nearest.ts';
import { pointerOf } from './place.ts';
import { isPattern } from './resolve.ts';
import { at, isIncomplete, keyAt, namesUnder, reportValue, type Scope } from './scope.ts';

/** What one entry of `tables` says fits together, and no two entries contradict each other. */
export function checkTables(scope: Scope, state: DesiredState, document: TrunklineDocument): void {
  for (const queue of state.queues.values()) {
    const entries = (document.queues?.[queue.name]?.tables ?? []).flatMap((raw, index) =>
      scope.removed.has(pointerOf(['queues', queue.name, 'tables', index])) ? [] : [{ raw, index }],
    );
    const known = namesUnder(scope, 'queues', queue.name, 'nodes') as NodeName[];
    entries.forEach(({ raw, index }, position) => {
      const rule = queue.tables[position];
      if (rule === undefined) return;
      checkSelection(scope, queue, raw, index);
      checkNodes(scope, queue, rule, index, known);
    });
    checkNamedOnce(scope, queue);
    checkTargets(scope, queue);
  }
}

function checkSelection(scope: Scope, queue: QueueSpec, raw: Table, index: number): void {
  if (typeof raw === 'string') return;
  const path = ['queues', queue.name, 'tables', index];
  if (raw.name === undefined && raw.include === undefined) {
    if (isIncomplete(scope, ...path)) return;
    const example = 'name: public.orders, or include: ["public.*"]';
    scope.problems.push({ code: 'key_missing', at: at(scope, ...path), keys: ['name', 'include'], example });
    return;
  }
  const other = raw.include !== undefined ? 'include' : raw.exclude !== undefined ? 'exclude' : undefined;
  if (raw.name !== undefined && other !== undefined) {
    const first = keyAt(scope, ...path, 'name');
    scope.problems.push({ code: 'keys_conflict', at: keyAt(scope, ...path, other), keys: ['name'], first });
  }
  if (raw.name !== undefined && isPattern(raw.name)) {
    reportValue(scope, [...path, 'name'], raw.name, 'the name of one table; patterns go under include');
  }
}

function checkNodes(scope: Scope, queue: QueueSpec, rule: TableRule, index: number, known: readonly NodeName[]): void {
  if (rule.nodes === undefined) return;
  const path = ['queues', queue.name, 'tables', index, 'nodes'];
  const table = titleOf(rule);
  for (const [node, placement] of rule.nodes) {
    const subject = { at: keyAt(scope, ...path, node), queue: queue.name, table, node };
    if (!known.includes(node)) {
      scope.problems.push({ code: 'table_node_unknown', ...subject, known, suggestion: nearest(node, known) });
    } else if (queue.nodes.get(node)?.placement.role === 'root') {
      scope.problems.push({ code: 'table_node_is_root', ...subject });
    }
    if (placement === 'none' || placement.target === undefined) continue;
    if (rule.select.kind === 'pattern') {
      const place = keyAt(scope, ...path, node, 'target');
      scope.problems.push({ code: 'target_in_pattern', at: place, queue: queue.name, node });
    }
    if (isPattern(placement.target)) {
      reportValue(scope, [...path, node, 'target'], placement.target, 'the name of one table, for example app.users');
    }
  }
  if (rule.where !== undefined && rule.nodes.size > 0 && [...rule.nodes.values()].every((value) => value === 'none')) {
    const place = keyAt(scope, 'queues', queue.name, 'tables', index, 'where');
    scope.problems.push({ code: 'filter_unused', at: place, queue: queue.name, table });
  }
}

function checkNamedOnce(scope: Scope, queue: QueueSpec): void {
  const first = new Map<string, Origin>();
  for (const { select, at: place } of queue.tables) {
    if (select.kind === 'pattern') continue;
    const earlier = first.get(select.name);
    if (earlier === undefined) first.set(select.name, place);
    else {
      const { name: table } = select;
      scope.problems.push({ code: 'table_named_twice', at: place, queue: queue.name, table, first: earlier });
    }
  }
}

/** Two tables into one would mix their rows. What patterns bring along, the plan sees. */
function checkTargets(scope: Scope, queue: QueueSpec): void {
  const taken = new Map<string, { readonly table: string; readonly at: Origin }>();
  for (const rule of queue.tables) {
    if (rule.select.kind === 'pattern') continue;
    const table = rule.select.name;
    for (const { name: node, placement: where } of queue.nodes.values()) {
      const placement = rule.nodes === undefined ? undefined : (rule.nodes.get(node) ?? 'none');
      if (where.role === 'root' || placement === 'none') continue;
      const target = placement?.target ?? table;
      const key = JSON.stringify([node, target]);
      const place = placement?.at ?? rule.at;
      const earlier = taken.get(key);
      if (earlier === undefined) taken.set(key, { table, at: place });
      else if (earlier.table !== table) {
        const tables = [earlier.table, table];
        scope.problems.push({
          code: 'target_taken',
          at: place,
          queue: queue.name,
          node,
          target,
          tables,
          first: earlier.at,
        });
      }
    }
  }
}

function titleOf({ select }: TableRule): string {
  return select.kind === 'name' ? select.name : select.include.join(', ');
}
