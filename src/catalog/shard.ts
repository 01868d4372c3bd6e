import type { Session } from '../db/session.ts';
import { sql } from '../db/statement.ts';
import type { TableSpec } from '../model/table.ts';

/** A sharded table with the part that is this node's: as its spec says, or else as Londiste's settings on the node do. */
export async function withShardPart(session: Session, spec: TableSpec): Promise<TableSpec> {
  const { handler } = spec;
  if (handler?.kind !== 'shard' || handler.part !== undefined) return spec;
  const [row] = await session.query<{ shard_nr: number; shard_mask: number }>(
    sql('select shard_nr, shard_mask from partconf.conf'),
  );
  if (row === undefined) throw new Error(`partconf.conf has no row: it says which part of ${spec.name} is this node's`);
  return { ...spec, handler: { ...handler, part: { number: row.shard_nr, of: row.shard_mask + 1 } } };
}
