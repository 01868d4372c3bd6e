import { pointerOf } from './place.ts';
import { at, isIncomplete, keyAt, type Scope } from './scope.ts';

/** An entry of a list that is about one thing: which kind of thing says the only one of these keys. */
export function requireOneKey<Key extends string>(
  scope: Scope,
  path: readonly (string | number)[],
  entry: Readonly<Partial<Record<Key, unknown>>>,
  { keys, example }: { readonly keys: readonly Key[]; readonly example: string },
): void {
  if (scope.removed.has(pointerOf(path))) return;
  const [first, ...others] = keys.filter((key) => entry[key] !== undefined);
  if (first === undefined) {
    if (isIncomplete(scope, ...path)) return;
    scope.problems.push({ code: 'key_missing', at: at(scope, ...path), keys, example });
  }
  for (const key of others) {
    const before = keyAt(scope, ...path, first ?? key);
    scope.problems.push({ code: 'keys_conflict', at: keyAt(scope, ...path, key), keys: [first ?? key], first: before });
  }
}
