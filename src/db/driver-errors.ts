import pg from 'pg';

/** What the server or the driver said, without the values of any row. */
export interface DriverError {
  /** Five letters from the server, or undefined where the connection itself failed. */
  readonly sqlstate: string | undefined;
  readonly message: string;
  /** May succeed when tried again: the connection, a lock, a deadlock, a full disk, a server that starts or stops. */
  readonly transient: boolean;
  /** The connection can't be used any more. */
  readonly connectionLost: boolean;
  readonly schema: string | undefined;
  readonly table: string | undefined;
  readonly constraint: string | undefined;
  /** What the server says can be done. */
  readonly hint: string | undefined;
  /** The database that it came from, and its server. */
  readonly place: string | undefined;
  /** What keeps an object from being dropped, one a line. */
  readonly dependents: string | undefined;
}

/** A session that went away while somebody used it, or before. */
export class ConnectionLost extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'ConnectionLost';
  }
}

const places = new WeakMap<object, string>();

/** Tells an error that nobody expected from those of other databases; gives it back. */
export function markPlace(error: unknown, place: string): unknown {
  if (error instanceof Error) places.set(error, place);
  return error;
}

const transientClasses = ['08', '40', '53', '55', '57', '58'];
// Within those classes, what waiting does not mend; a value of an enum is of no use before the transaction that adds it has
// ended. 57014 stays transient: a statement timeout or a cancel.
const permanent = new Set(['55000', '55P02', '55P04', '57P04']);
const connectionStates = new Set(['57P01', '57P02', '57P03', '57P05', '25P03', '25P04']);
const socketCodes = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ENOENT',
  'ECONNABORTED',
  'EACCES',
]);

/** Reads any thrown value; undefined when it is neither the server's nor the connection's: a bug. */
export function readDriverError(error: unknown): DriverError | undefined {
  if (error instanceof pg.DatabaseError && error.code !== undefined) {
    const connectionLost = error.code.startsWith('08') || connectionStates.has(error.code);
    return {
      sqlstate: error.code,
      message: error.message,
      transient: connectionLost || (transientClasses.includes(error.code.slice(0, 2)) && !permanent.has(error.code)),
      connectionLost,
      schema: error.schema,
      table: error.table,
      constraint: error.constraint,
      hint: error.hint,
      place: places.get(error),
      dependents: error.code === '2BP01' ? error.detail : undefined,
    };
  }
  if (error instanceof ConnectionLost || isSocketError(error)) {
    const message =
      error instanceof AggregateError ? String(error.errors[0]?.message ?? error.message) : (error as Error).message;
    return {
      sqlstate: undefined,
      message,
      transient: true,
      connectionLost: true,
      schema: undefined,
      table: undefined,
      constraint: undefined,
      hint: undefined,
      place: places.get(error as Error),
      dependents: undefined,
    };
  }
  return undefined;
}

function isSocketError(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if ('code' in error && typeof error.code === 'string' && socketCodes.has(error.code)) return true;
  // The driver has no codes for these.
  return (
    /^(Connection terminated|Client (was closed|has encountered a connection error)|timeout expired|The server does not support SSL|SASL)/.test(
      error.message,
    ) && !error.message.startsWith('SASL')
  );
}
