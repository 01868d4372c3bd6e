import type { Grant } from '../../model/definition.ts';
import { quoteIfNeeded } from '../quote-ident.ts';

/** Which roles the node has; those it lacks are remembered, so that they can be told once. */
export interface Roles {
  has(role: string): boolean;
  readonly missing: ReadonlySet<string>;
}

export function rolesOf(there: ReadonlySet<string>): Roles {
  const missing = new Set<string>();
  return {
    has(role) {
      if (!there.has(role)) missing.add(role);
      return there.has(role);
    },
    missing,
  };
}

/** `on` such as `TABLE app.orders`; `columns` such as ` (note)`. */
export function grantsSql(
  grants: readonly Grant[] | undefined,
  on: string,
  roles: Roles,
  { columns = '', major }: { readonly columns?: string; readonly major: number },
): string[] {
  return (grants ?? []).flatMap(({ role, privileges, grantable }) => {
    if (role !== undefined && !roles.has(role)) return [];
    // MAINTAIN came with 17.
    const known = privileges.filter((privilege) => privilege !== 'MAINTAIN' || major >= 17);
    if (known.length === 0) return [];
    const list = known.map((privilege) => `${privilege}${columns}`).join(', ');
    const to = role === undefined ? 'PUBLIC' : quoteIfNeeded(role);
    return [`GRANT ${list} ON ${on} TO ${to}${grantable ? ' WITH GRANT OPTION' : ''};`];
  });
}
