import type { DatabaseName } from '../model/names.ts';
import type { Session, SessionOptions } from './session.ts';

/** Opens a session on a database of the file. Where it lives and with which password is the caller's business. */
export type Connector = (database: DatabaseName, options: SessionOptions) => Promise<Session>;
