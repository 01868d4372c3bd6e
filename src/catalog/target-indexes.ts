import type { Session } from '../db/session.ts';
import { sqlFile } from '../db/sql-files.ts';

export interface IndexDdl {
  readonly take_down: string;
  readonly put_back: string;
}

/** Indexes and key constraints that a first copy is faster without, each with the statement that brings it back. */
export function readIndexDdl(session: Session, quotedTable: string): Promise<IndexDdl[]> {
  return session.query<IndexDdl>({ text: sqlFile('queries/target-indexes.sql'), values: [quotedTable] });
}
