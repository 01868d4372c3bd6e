import type { Session } from '../db/session.ts';
import type { Statement } from '../db/statement.ts';
import type { NodeName } from '../model/names.ts';
import { ToolError } from '../model/problem.ts';

/** What functions of pgq_node and londiste answer: 1xx and 2xx did it, 3xx did it with a remark, 4xx and 5xx refused. */
export interface Reply {
  readonly status: number;
  readonly note: string;
}

export interface CallContext {
  readonly node: NodeName | undefined;
  /** Such as `londiste.local_add_table(public.orders)`. */
  readonly call: string;
}

/** Refusals that mean that the thing is done already, told by their status. */
export function expectDone(reply: Reply, context: CallContext, tolerated: readonly number[] = []): Reply {
  if (reply.status < 400 || tolerated.includes(reply.status)) return reply;
  throw new ToolError([{ code: 'catalog_refused', ...context, status: reply.status, note: reply.note }]);
}

/** Runs a call that answers with one row of `ret_code, ret_note` and perhaps more. */
export async function callForReply<Row extends object = object>(
  session: Session,
  statement: Statement,
): Promise<Reply & { readonly row: Row }> {
  const [row] = await session.query<Row & { ret_code: number; ret_note: string | null }>(statement);
  if (row === undefined) throw new Error(`no answer from: ${statement.text}`);
  return { status: row.ret_code, note: row.ret_note ?? '', row };
}
