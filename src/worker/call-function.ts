import type { Session } from '../db/session.ts';
import { quoteIdent, quoteLiteral, quoteName } from '../db/statement.ts';
import type { QueueRow } from '../model/event.ts';
import { tableName } from '../model/names.ts';
import type { HandlerSpec } from '../model/table.ts';

type ApplyFunction = HandlerSpec & { readonly kind: 'apply_function' };

/**
 * Hands events to a function of the node, as Londiste does: everything as a literal, so that it may declare its parameters
 * as text or as what they are.
 */
export async function callFunction(
  session: Session,
  handler: ApplyFunction,
  tick: bigint,
  rows: readonly QueueRow[],
): Promise<void> {
  const { function: name } = handler;
  const called = name.includes('.') ? quoteName(tableName(name)) : quoteIdent(name);
  const calls = rows.map((row) => {
    const { id, time, txid, type, data, extra1, extra2, extra3, extra4 } = row;
    const values = [
      handler.argument,
      String(tick),
      id,
      time,
      txid,
      neverTried,
      type,
      data,
      extra1,
      extra2,
      extra3,
      extra4,
    ];
    return `select ${called}(${values.map(literal).join(', ')})`;
  });
  await session.script(calls.join(';\n'));
}

/** Nothing here puts an event aside to try it again. */
const neverTried = null;

function literal(value: string | null | undefined): string {
  return value === null || value === undefined ? 'null' : quoteLiteral(value);
}
