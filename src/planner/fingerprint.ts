import type { LiveDatabase, LiveNode, TableFacts } from '../model/state.ts';
import type { Step } from '../model/step.ts';
import { type TableSpec, usualCopy, wholeTable } from '../model/table.ts';
import { sameTable } from '../model/table-codec.ts';

/**
 * Which database it was, what it looked like to the planner, and what it decided there. Positions, states of copies, row counts and
 * sizes move all the time and are left out; whether a table that is to be filled holds rows is not.
 */
export function fingerprint(
  database: LiveDatabase,
  nodes: readonly LiveNode[],
  tables: Iterable<TableFacts>,
  steps: readonly Step[],
): string {
  const digest = startDigest();
  digest.value([Math.floor(database.serverVersion / 10_000), database.canReplicate, [...database.schemas]]);
  digest.value(database.identity ?? null);
  for (const node of nodes) addNode(digest, node);
  for (const table of tables) addTable(digest, table);
  for (const step of steps) addStep(digest, step);
  return digest.finish();
}

// A large plan has these by the hundred thousand: their texts go in as they are, and none is made of them.

function addTable(digest: Digest, { name, columns, primaryKey, ownedSequences }: TableFacts): void {
  digest.text(name);
  for (const { name: column, type, notNull, hasDefault, generated, virtual } of columns) {
    digest.text(column);
    digest.text(type);
    digest.number(Number(notNull) + 2 * Number(hasDefault) + 4 * Number(generated) + 8 * Number(virtual));
  }
  digest.number(primaryKey?.length ?? -1);
  for (const column of primaryKey ?? []) digest.text(column);
  digest.number(ownedSequences.length);
  for (const sequence of ownedSequences) digest.text(sequence);
}

/** What is known to the whole cascade is the root's word: others learn it by the queue, each in its own time. */
function addNode(digest: Digest, node: LiveNode): void {
  const isRoot = node.type === 'root';
  const { queue, name, type, provider, mergesInto, worker, ticker, closed } = node;
  digest.value([
    queue,
    name,
    type,
    provider,
    mergesInto,
    worker,
    ticker,
    closed,
    isRoot ? [...node.members] : [],
    [...node.subscribers.keys()],
  ]);
  for (const { name: table, local, attrs, spec, triggers } of node.tables.values()) {
    if (!local && !isRoot) continue;
    digest.text(table);
    digest.number(Number(local));
    digest.text(attrs ?? '');
    digest.text(spec?.destination ?? '');
    digest.number(triggers.length);
    for (const trigger of triggers) {
      digest.text(trigger.name);
      digest.text(trigger.enabled);
      digest.text(trigger.function);
      for (const arg of trigger.args) digest.text(arg);
    }
  }
  for (const sequence of node.sequences.values()) {
    if (!sequence.local && !isRoot) continue;
    digest.text(sequence.name);
    digest.number(Number(sequence.local));
  }
}

/** A table that is added as it is says all by its name. */
function addStep(digest: Digest, step: Step): void {
  digest.text(step.id);
  for (const { kind } of step.hazards) digest.text(kind);
  if (step.kind !== 'add_table' || !isWhole(step.table)) digest.value({ ...step, copy: undefined, hazards: undefined });
}

function isWhole(spec: TableSpec): boolean {
  return sameTable(spec, wholeTable(spec.name)) && spec.copy === usualCopy;
}

interface Digest {
  text(text: string): void;
  number(value: number): void;
  value(value: unknown): void;
  finish(): string;
}

/** Tells texts apart, as a checksum does; it guards against accidents, not against an adversary. */
function startDigest(): Digest {
  let a = 0xdeadbeef;
  let b = 0x41c6ce57;
  const number = (value: number) => {
    a = Math.imul(a ^ value, 2654435761);
    b = Math.imul(b ^ value, 1597334677);
  };
  const text = (text: string) => {
    for (let index = 0; index < text.length; index += 1) number(text.charCodeAt(index));
    // Where one ends and the next begins counts too.
    number(0x10000 + text.length);
  };
  return {
    text,
    number,
    value: (value) => text(JSON.stringify(value)),
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
