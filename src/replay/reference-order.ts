/** A table that rows are written to, and the tables that its foreign keys refer to. */
export interface Referring {
  readonly name: string;
  readonly references: readonly { readonly table: string; readonly deferrable: boolean }[];
}

/** In which order changes of several tables go in where foreign keys are checked. */
export interface ReferenceOrder {
  /** Tables that others refer to come before those. */
  readonly rank: ReadonlyMap<string, number>;
  /** Tables whose rows others refer to: they are taken away last. */
  readonly parents: ReadonlySet<string>;
  /** All that hang together with a table, itself among them; undefined for one that stands alone. */
  readonly family: ReadonlyMap<string, readonly string[]>;
  /** Families that refer in a circle, so that no order of tables will do: only that of the changes does. */
  readonly circular: ReadonlySet<string>;
  /** Some of the keys can wait for the end of the transaction. */
  readonly deferrable: boolean;
}

/** A key within one table needs no order: a statement is checked when it is done. */
export function referenceOrder(tables: readonly Referring[]): ReferenceOrder {
  const known = new Map(tables.map((table) => [table.name, table]));
  const references = new Map(
    tables.map(({ name, references: all }) => [name, all.filter(({ table }) => table !== name && known.has(table))]),
  );
  const rank = new Map<string, number>();
  const closing = new Set<string>();
  const visit = (name: string, above: ReadonlySet<string>): void => {
    if (rank.has(name)) return;
    const path = new Set([...above, name]);
    for (const { table, deferrable } of references.get(name) ?? []) {
      // What can wait does not bind the order.
      if (deferrable) continue;
      if (path.has(table)) closing.add(name);
      else visit(table, path);
    }
    if (!rank.has(name)) rank.set(name, rank.size);
  };
  for (const { name } of tables) visit(name, new Set());
  const family = familiesOf(references);
  return {
    rank,
    parents: new Set([...references.values()].flat().map(({ table }) => table)),
    family,
    circular: new Set([...closing].flatMap((name) => family.get(name) ?? [])),
    deferrable: tables.some(({ references: all }) => all.some(({ deferrable }) => deferrable)),
  };
}

function familiesOf(references: ReadonlyMap<string, readonly { readonly table: string }[]>) {
  const family = new Map<string, string[]>();
  for (const [name, all] of references) {
    for (const { table } of all) {
      const mine = family.get(name) ?? [name];
      const theirs = family.get(table) ?? [table];
      if (mine === theirs) continue;
      const joined = [...mine, ...theirs];
      for (const member of joined) family.set(member, joined);
    }
  }
  return family;
}
