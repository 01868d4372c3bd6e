import type { Origin } from '../model/origin.ts';
import type { Problem } from '../model/problem.ts';
import type { DesiredState } from '../model/state.ts';
import type { TrunklineDocument } from './document.ts';
import { at, keyAt, type Scope } from './scope.ts';

type NameProblem = Extract<Problem, { readonly code: 'name_invalid' }>;

/** What PostgreSQL keeps of an identifier. */
const identifierBytes = 63;
/** The longest name made from a queue's is its truncate trigger. */
const queueBytes = identifierBytes - '_londiste__truncate'.length;

/** Names that the catalogs, or names made from them, cannot hold. */
export function checkNames(scope: Scope, state: DesiredState, document: TrunklineDocument): void {
  for (const name of state.databases.keys()) check(scope, keyAt(scope, 'databases', name), 'database', name, undefined);
  for (const queue of state.queues.values()) {
    check(scope, queue.at, 'queue', queue.name, queueBytes);
    for (const { name, at: place } of queue.nodes.values()) check(scope, place, 'node', name, undefined);
    (document.queues?.[queue.name]?.tables ?? []).forEach((entry, index) => {
      const path = ['queues', queue.name, 'tables', index];
      if (typeof entry === 'string') {
        checkQualified(scope, at(scope, ...path), 'table', entry);
        return;
      }
      if (entry.name !== undefined) checkQualified(scope, at(scope, ...path, 'name'), 'table', entry.name);
      for (const [node, placement] of Object.entries(entry.nodes ?? {})) {
        if (placement === 'none' || placement.target === undefined) continue;
        checkQualified(scope, at(scope, ...path, 'nodes', node, 'target'), 'table', placement.target);
      }
      for (const key of ['include', 'exclude'] as const) {
        entry[key]?.forEach((pattern, item) => {
          checkQualified(scope, at(scope, ...path, key, item), 'table', pattern);
        });
      }
    });
    for (const key of ['include', 'exclude'] as const) {
      document.queues?.[queue.name]?.sequences?.[key]?.forEach((pattern, item) => {
        checkQualified(scope, at(scope, 'queues', queue.name, 'sequences', key, item), 'sequence', pattern);
      });
    }
  }
}

function checkQualified(scope: Scope, place: Origin, what: NameProblem['what'], name: string): void {
  const dot = name.indexOf('.');
  const parts = dot < 0 ? [name] : [name.slice(0, dot), name.slice(dot + 1)];
  const before = scope.problems.length;
  check(scope, place, what, name, undefined);
  if (scope.problems.length > before) return;
  if (parts.includes('')) report(scope, place, what, name, 'part_empty', undefined);
  else if (parts.some((part) => bytesOf(part) > identifierBytes)) {
    report(scope, place, what, name, 'too_long', identifierBytes);
  }
}

function check(scope: Scope, place: Origin, what: NameProblem['what'], name: string, limit: number | undefined): void {
  if (name === '') report(scope, place, what, name, 'empty', undefined);
  else if (/\p{Cc}/u.test(name)) report(scope, place, what, name, 'control_character', undefined);
  else if (name.trim() !== name) report(scope, place, what, name, 'space_around', undefined);
  else if (limit !== undefined && bytesOf(name) > limit) report(scope, place, what, name, 'too_long', limit);
}

function report(
  scope: Scope,
  place: Origin,
  what: NameProblem['what'],
  name: string,
  reason: NameProblem['reason'],
  limit: number | undefined,
): void {
  scope.problems.push({ code: 'name_invalid', at: place, what, name, reason, limit });
}

function bytesOf(text: string): number {
  return new TextEncoder().encode(text).length;
}
