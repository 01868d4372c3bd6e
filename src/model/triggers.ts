import { type EventFormat, type FoundCapture, rowOperations } from './capture.ts';
import type { LiveTrigger } from './state.ts';

interface NamedTrigger {
  readonly trigger: LiveTrigger | undefined;
  readonly what: string;
}

/** One trigger for all changes of rows, or one for each kind of statement. */
export function rowTriggers(triggers: readonly LiveTrigger[]): readonly NamedTrigger[] {
  const each = rowOperations.map((kind) => ({
    trigger: triggers.find(({ name, args }) => name === `_londiste_${args[0]}_${kind}`),
    what: `${kind} trigger`,
  }));
  if (each.some(({ trigger }) => trigger !== undefined)) return each;
  return [{ trigger: triggers.find((trigger) => !trigger.name.endsWith('_truncate')), what: 'row trigger' }];
}

/** What the triggers of a table capture of its rows; undefined where none is there. */
export function foundCapture(triggers: readonly LiveTrigger[]): FoundCapture | undefined {
  const rows = rowTriggers(triggers).flatMap(({ trigger }) => trigger ?? []);
  const [first] = rows;
  if (first === undefined) return undefined;
  return {
    args: first.args.slice(1),
    operations: rowOperations.filter((operation) => rows.some(({ operations }) => operations.includes(operation))),
    format: formats[first.function],
  };
}

/** Functions of a table's own write JSON too, but are nothing that anybody asked for. */
const formats: Readonly<Record<string, EventFormat>> = {
  'pgq.jsontriga': 'json',
  'pgq.logutriga': 'url',
  'pgq.sqltriga': 'sql',
};
