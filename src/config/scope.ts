import type { Origin } from '../model/origin.ts';
import type { Problem } from '../model/problem.ts';
import { keyOriginOf, originOf, type Path, type Place, placeAt, pointerOf } from './place.ts';
import { describeFound, holdsSecret } from './schema-words.ts';

/** What the steps after the schema check share: places, what was taken away, and the problems so far. */
export interface Scope {
  readonly places: Place;
  readonly removed: ReadonlySet<string>;
  readonly problems: Problem[];
}

export function at(scope: Scope, ...path: Path): Origin {
  return originOf(scope.places, path);
}

export function keyAt(scope: Scope, ...path: Path): Origin {
  return keyOriginOf(scope.places, path);
}

/** Names written under a mapping, those of faulty entries too: a faulty node is not an unknown one. */
export function namesUnder(scope: Scope, ...path: Path): string[] {
  return [...(placeAt(scope.places, path)?.children.keys() ?? [])].map(String);
}

/** Something there, or below it, was faulty and is told already. */
export function isIncomplete(scope: Scope, ...path: Path): boolean {
  const pointer = pointerOf(path);
  for (const gone of scope.removed) if (gone === pointer || gone.startsWith(`${pointer}/`)) return true;
  return false;
}

export function reportValue(scope: Scope, path: Path, found: unknown, expected: string, suggestion?: string): void {
  const secret = holdsSecret(path) || placeAt(scope.places, path)?.fromEnvironment === true;
  scope.problems.push({
    code: 'value_invalid',
    at: originOf(scope.places, path),
    found: describeFound(found, secret),
    expected,
    suggestion: secret ? undefined : suggestion,
  });
}
