import type { DatabaseName } from '../model/names.ts';

/** Does the work for each database that the items name, all side by side; gives what came of it in the order of their first items. */
export async function eachDatabase<Item extends { readonly database: DatabaseName }, Result>(
  items: readonly Item[],
  work: (database: DatabaseName, items: readonly Item[]) => Promise<readonly Result[]>,
): Promise<readonly Result[]> {
  const databases = [...new Set(items.map(({ database }) => database))];
  const results = databases.map((name) =>
    work(
      name,
      items.filter(({ database }) => database === name),
    ),
  );
  return (await Promise.all(results)).flat();
}
