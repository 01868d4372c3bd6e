import type { Session } from '../db/session.ts';
import { quoteIdent, quoteName, sql } from '../db/statement.ts';
import { type SequenceName, type TableName, tableName } from '../model/names.ts';

export async function hasSchema(session: Session, schema: string): Promise<boolean> {
  return ask(session, 'select to_regnamespace($1) is not null as there', quoteIdent(schema));
}

/** `type` is raw `schema.type`. */
export async function hasType(session: Session, type: string): Promise<boolean> {
  return ask(session, 'select to_regtype($1) is not null as there', quoteName(tableName(type)));
}

/** A table, a sequence, or whatever else has taken the name. */
export async function hasRelation(session: Session, name: TableName | SequenceName): Promise<boolean> {
  return ask(session, 'select to_regclass($1) is not null as there', quoteName(name));
}

async function ask(session: Session, text: string, name: string): Promise<boolean> {
  const [row] = await session.query<{ there: boolean }>(sql(text, name));
  return row?.there === true;
}
