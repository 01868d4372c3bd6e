import { tableName } from '../model/names.ts';
import type { DesiredState } from '../model/state.ts';
import { usualLimits } from '../model/step-limits.ts';
import { wholeTable } from '../model/table.ts';
import { usualAnswerTimeoutMs } from '../model/topology.ts';
import type { Copy, Database, Node, Queue, TrunklineDocument } from './document.ts';
import { durationText } from './duration.ts';
import { escapeReferences } from './interpolate.ts';
import { builtIn } from './resolve.ts';
import { documentOf } from './write-document.ts';

/**
 * The document with every default written down, as a file that resolves to itself. An entry of `tables` says only what the
 * files say in it: the rest stays as an earlier entry said it, or `defaults`, where the defaults of tables stand.
 */
export function resolvedDocument(state: DesiredState): TrunklineDocument {
  const document = documentOf(state);
  const whole: TrunklineDocument = {
    ...document,
    databases: mapped(document.databases ?? {}, databaseOf),
    queues: mapped(document.queues ?? {}, queueOf),
    apply: {
      lock_wait: durationText(usualLimits.lockWaitMs),
      lock_attempts: usualLimits.lockAttempts,
      ...document.apply,
    },
  };
  return JSON.parse(
    JSON.stringify(whole, (_key, value: unknown) => (typeof value === 'string' ? escapeReferences(value) : value)),
  );
}

function databaseOf(database: Database): Database {
  return { ...database, answer_timeout: database.answer_timeout ?? durationText(usualAnswerTimeoutMs) };
}

function queueOf({ ticker = {}, defaults = {}, ...queue }: Queue): Queue {
  const { conflict, apply, userTriggers, truncate } = wholeTable(tableName('any'));
  const create = defaults.create ?? builtIn.create;
  const usual = { create, conflict, apply, user_triggers: userTriggers, truncate };
  return {
    ticker,
    defaults: { ...usual, ...defaults, copy: copyOf(defaults.copy) },
    ...queue,
    nodes: mapped(queue.nodes ?? {}, nodeOf),
    sequences: { ...queue.sequences, create: queue.sequences?.create ?? create },
  };
}

function nodeOf(node: Node): Node {
  const { foreignEvents, protect } = builtIn;
  return { ...node, foreign_events: node.foreign_events ?? foreignEvents, protect: node.protect ?? protect };
}

/** Where the rows are there already, there is no more to be said of a copy. */
function copyOf(said: Copy = {}): Copy {
  return said.expect_sync === true ? said : { expect_sync: false, keep_rows: false, parallel: 1, ...said };
}

function mapped<Value>(
  values: Readonly<Record<string, Value>>,
  change: (value: Value) => Value,
): Record<string, Value> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, change(value)]));
}
