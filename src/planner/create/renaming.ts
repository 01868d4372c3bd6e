import type { SequenceDefinition, TableDefinition } from '../../model/definition.ts';
import { type SequenceName, sequenceName, splitName, type TableName, tableName } from '../../model/names.ts';

/** How a table and what belongs to it is called on the node it is made on. */
export interface Renaming {
  table(name: TableName): TableName;
  sequence(sequence: SequenceDefinition): SequenceName;
  /** An index, or a constraint of the kind that has one: unique in its schema. */
  index(table: TableName, name: string): string;
  /** A constraint whose name is only the table's. */
  constraint(table: TableName, name: string): string;
}

const longestName = 63;

/**
 * A name that begins with the table's follows it to the new one; others stay. What another relation of the schema has
 * taken gets a number. `taken` learns of every name that is given out.
 */
export function renamingOf(tables: readonly TableDefinition[], destination: TableName, taken: Set<string>): Renaming {
  const root = tables[0]?.root ?? destination;
  const from = splitName(root);
  const to = splitName(destination);
  const moved = from.schema !== to.schema;

  const follow = (name: string): string => {
    if (from.name === to.name || !(name === from.name || name.startsWith(`${from.name}_`))) return name;
    return shortened(`${to.name}${name.slice(from.name.length)}`);
  };
  const schemaOf = (schema: string): string => (schema === from.schema ? to.schema : schema);
  const table = (name: TableName): TableName => {
    if (name === root) return destination;
    const parts = splitName(name);
    return tableName(`${schemaOf(parts.schema)}.${follow(parts.name)}`);
  };
  const indexes = new Map<string, string>();

  return {
    table,
    sequence({ name, column }) {
      // A replicated sequence has one name on all nodes; but a column can own none of another schema.
      if (!moved || column === undefined) return name;
      const parts = splitName(name);
      return sequenceName(`${schemaOf(parts.schema)}.${follow(parts.name)}`);
    },
    index(of, name) {
      const known = indexes.get(`${of} ${name}`);
      if (known !== undefined) return known;
      const given = freeName(splitName(table(of)).schema, follow(name), taken);
      indexes.set(`${of} ${name}`, given);
      return given;
    },
    constraint: (_, name) => follow(name),
  };
}

function freeName(schema: string, wanted: string, taken: Set<string>): string {
  let name = wanted;
  for (let number = 1; taken.has(`${schema}.${name}`); number += 1) {
    const tail = `_${number}`;
    name = `${shortened(wanted, longestName - tail.length)}${tail}`;
  }
  taken.add(`${schema}.${name}`);
  return name;
}

/** The server cuts names by bytes, and never within a character. */
function shortened(name: string, longest = longestName): string {
  const bytes = new TextEncoder().encode(name);
  if (bytes.length <= longest) return name;
  let end = longest;
  while (((bytes[end] ?? 0) & 0xc0) === 0x80) end -= 1;
  return new TextDecoder().decode(bytes.subarray(0, end));
}
