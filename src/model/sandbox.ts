import type { DatabaseName } from './names.ts';

/** One embedded server in the state directory, whether or not it runs. */
export interface ServerState {
  readonly name: DatabaseName;
  readonly version: number;
  readonly dbname: string;
  readonly host: string;
  /** Where it listens, or will again if the port is still free; undefined before the first start. */
  readonly port: number | undefined;
  readonly user: string;
  /** Undefined while it does not run. */
  readonly pid: number | undefined;
  /** Accepts connections. */
  readonly ready: boolean;
  readonly dataBytes: number;
  readonly dataDir: string;
  readonly logFile: string;
  /** Holds its password, for libpq and psql too. */
  readonly passfile: string;
}
