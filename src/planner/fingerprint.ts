import type { ColumnFacts, LiveDatabase, LiveNode, TableFacts } from '../model/state.ts';
import type { Step } from '../model/step.ts';

/**
 * What one database looked like to the planner, and what it decided there. Positions, states of copies, row counts and
 * sizes move all the time and are left out; whether a table that is to be filled holds rows is not.
 */
export function fingerprint(
  database: LiveDatabase,
  nodes: readonly LiveNode[],
  tables: Iterable<TableFacts>,
  steps: readonly Step[],
): string {
  const digest = startDigest();
  digest.add([Math.floor(database.serverVersion / 10_000), database.canReplicate, [...database.schemas]]);
  for (const node of nodes) addNode(digest, node);
  for (const table of tables) {
    digest.add([table.name, table.columns.map(columnText), table.primaryKey, table.ownedSequences]);
  }
  for (const step of steps) digest.add({ ...step, copy: undefined, hazards: step.hazards.map(({ kind }) => kind) });
  return digest.finish();
}

/** Most of what there is to read: kept short. */
function columnText({ name, type, notNull, hasDefault, generated }: ColumnFacts): string {
  return `${name} ${type} ${Number(notNull)}${Number(hasDefault)}${Number(generated)}`;
}

function addNode(digest: Digest, node: LiveNode): void {
  const { queue, name, type, provider, worker, ticker } = node;
  digest.add([queue, name, type, provider, worker, ticker, [...node.members], [...node.subscribers.keys()]]);
  for (const table of node.tables.values()) {
    digest.add([table.name, table.local, table.attrs, table.spec, table.triggers]);
  }
  for (const sequence of node.sequences.values()) digest.add([sequence.name, sequence.local]);
}

interface Digest {
  add(value: unknown): void;
  finish(): string;
}

/** Tells texts apart, as a checksum does; it guards against accidents, not against an adversary. */
function startDigest(): Digest {
  let a = 0xdeadbeef;
  let b = 0x41c6ce57;
  return {
    add(value) {
      const text = JSON.stringify(value);
      for (let index = 0; index < text.length; index += 1) {
        const code = text.charCodeAt(index);
        a = Math.imul(a ^ code, 2654435761);
        b = Math.imul(b ^ code, 1597334677);
      }
    },
    finish() {
      const high = Math.imul(b ^ (b >>> 16), 2246822507) ^ Math.imul(a ^ (a >>> 13), 3266489909);
      const low = Math.imul(a ^ (a >>> 16), 2246822507) ^ Math.imul(b ^ (b >>> 13), 3266489909);
      return hex(high) + hex(low);
    },
  };
}

function hex(value: number): string {
  return (value >>> 0).toString(16).padStart(8, '0');
}
