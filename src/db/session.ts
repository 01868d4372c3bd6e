import type { Socket } from 'node:net';
import type { Stream } from 'node:stream';
import pg from 'pg';
import { usualAnswerTimeoutMs } from '../model/topology.ts';
import type { CopyRun } from './copy-frames.ts';
import { type CopyTarget, copyInto } from './copy-in.ts';
import { CopyOut, relayInto } from './copy-rows.ts';
import { ConnectionLost, markPlace } from './driver-errors.ts';
import { lendingSocket } from './lending-socket.ts';
import { askAfter, watchAnswers } from './liveness.ts';
import { greetedPid, isSharedByTransaction, PooledByTransaction } from './pooling.ts';
import { preparedRoom } from './prepared-room.ts';
import type { Statement } from './statement.ts';

/** How to reach one database. The password comes from here, `PGPASSWORD`, or a passfile. */
export interface ConnectionTarget {
  readonly host: string | undefined;
  readonly port: number | undefined;
  readonly dbname: string | undefined;
  readonly user: string | undefined;
  readonly password: string | undefined;
  readonly ssl: pg.ConnectionConfig['ssl'];
  readonly connectTimeoutMs: number;
}

export interface SessionOptions {
  /** Shown in `pg_stat_activity`. */
  readonly applicationName: string;
  /** Settings made again on each connection, such as `lock_timeout`. */
  readonly settings?: Readonly<Record<string, string>>;
  /** How long an answer may stay away without a sign that the server works on it. */
  readonly answerTimeoutMs?: number | undefined;
  /** Aborting ends the connection at once, in the middle of whatever it does. */
  readonly signal?: AbortSignal | undefined;
  /** What it reads will be handed on to another session by the gigabyte. */
  readonly relays?: boolean;
  /** Of a database without an encoding (SQL_ASCII) it reads texts as they are; others refuse there what is not UTF-8. */
  readonly unchecked?: boolean;
}

/**
 * One connection. int8 arrives as bigint; dates and times stay text, so that no digit is lost.
 * Use `await using`, or call `close`.
 */
export interface Session extends AsyncDisposable {
  /** As `server_version_num`. */
  readonly serverVersion: number;
  readonly backendPid: number;
  /** The server's end of the connection leads to ours. Through proxies and translated ports each takes a second one for a moment. */
  readonly direct: boolean;
  /** True once the connection ended for any reason. */
  readonly lost: boolean;
  query<Row extends object = Record<string, unknown>>(statement: Statement): Promise<Row[]>;
  /** Rows touched, for statements that give none. */
  run(statement: Statement): Promise<number>;
  /** Several statements as one text and one round trip, without parameters. */
  script(text: string): Promise<void>;
  copyOut(text: string): CopyOut;
  /** `ahead`: bytes that may wait for the socket, so that rows keep coming while this program does something else. */
  copyIn(text: string, ahead?: number): CopyTarget;
  /** Hands on what COPY sends to one that takes it, which ends as this does. */
  relay(text: string, into: CopyTarget): CopyRun;
  /** Calls back for each notification until the session closes. */
  listen(channel: string, onNotify: (payload: string) => void): Promise<void>;
  close(): Promise<void>;
  /** Ends the connection at once, in the middle of whatever it does. */
  abandon(): void;
}

/** Of texts of which there may be any number. */
const preparedCharacters = 500_000;

const int8 = 20;
const keptAsText = new Set([1082, 1083, 1114, 1184, 1186, 1266]);

const types: pg.CustomTypesConfig = {
  getTypeParser(oid: number, format?: string) {
    if (oid === int8) return (text: string) => BigInt(text);
    if (keptAsText.has(oid)) return (text: string) => text;
    return pg.types.getTypeParser(oid, format as 'text');
  },
};

/** Values that every session wants alike, so that text means the same on both sides of a copy. */
const baseSettings: Readonly<Record<string, string>> = {
  client_encoding: 'UTF8',
  datestyle: 'ISO, YMD',
  intervalstyle: 'postgres',
  timezone: 'UTC',
  extra_float_digits: '3',
  bytea_output: 'hex',
  // As `document`, xml that other sessions could write can not be read.
  xmloption: 'content',
  standard_conforming_strings: 'on',
  idle_in_transaction_session_timeout: '0',
  // A branch's tick is to see what was written before it in its own transaction.
  default_transaction_isolation: 'read committed',
  // Rows that a policy hides would be left out without a word.
  row_security: 'off',
  array_nulls: 'on',
};

export async function connect(target: ConnectionTarget, options: SessionOptions): Promise<Session> {
  options.signal?.throwIfAborted();
  const config: pg.ClientConfig = {
    host: target.host,
    port: target.port,
    database: target.dbname,
    user: target.user,
    password: target.password,
    ssl: target.ssl,
    application_name: options.applicationName,
    connectionTimeoutMillis: target.connectTimeoutMs,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    types,
  };
  // Bytes of TLS are read by another socket than the one that the driver is given.
  const lends = options.relays === true && (target.ssl ?? false) === false;
  const client = new pg.Client(lends ? { ...config, stream: lendingSocket } : config);
  const state: { lost: Error | undefined } = { lost: undefined };
  // Without a listener a server that goes away between two queries would end the process.
  client.on('error', (error) => {
    state.lost ??= error;
  });
  client.on('end', () => {
    state.lost ??= new ConnectionLost('the connection was closed');
  });
  const kill = () => {
    state.lost ??= new ConnectionLost('stopped');
    client.connection.stream.destroy(state.lost);
  };
  options.signal?.addEventListener('abort', kill, { once: true });
  try {
    await client.connect();
    return await open(client, { state, options, kill, config });
  } catch (error) {
    options.signal?.removeEventListener('abort', kill);
    await client.end().catch(() => undefined);
    throw error;
  }
}

function configOf({ text, values, name }: Statement): pg.QueryConfig {
  return { text, values: [...values], ...(name === undefined ? {} : { name }) };
}

interface Opening {
  readonly state: { lost: Error | undefined };
  readonly options: SessionOptions;
  readonly kill: () => void;
  readonly config: pg.ClientConfig;
}

/** A farewell that nobody takes is not waited for. */
const farewellMs = 5_000;

interface Greeting {
  readonly version: number;
  readonly pid: number;
  /** Whether the server's process is the one that the greeting named. */
  readonly named: boolean;
  /** Whether the server's end of the connection leads to ours; not through proxies, nor everywhere where addresses are translated. */
  readonly near: boolean;
  /** Whether its texts are in any encoding. */
  readonly anything: boolean;
}

/** Makes the settings, at once where the server itself answers: of another's connection nothing may be changed. */
async function greet(
  client: pg.Client,
  settings: Readonly<Record<string, string>>,
  config: pg.ClientConfig,
  unchecked: boolean,
): Promise<Pick<Session, 'serverVersion' | 'backendPid' | 'direct'>> {
  const pairs = Object.entries(settings);
  const values = pairs.flat();
  const made = pairs.map((_, index) => `set_config($${index * 2 + 1}, $${index * 2 + 2}, false)`).join(', ');
  const { localPort } = client.connection.stream as Socket;
  const reply = await client.query<Greeting>({
    text: `select *, current_setting('server_encoding') = 'SQL_ASCII' as anything, case when named and near then array[${made}] end
      from (select current_setting('server_version_num')::int as version, pg_backend_pid() as pid,
                   pg_backend_pid() is not distinct from $${values.length + 1}::int as named,
                   inet_client_port() is not distinct from $${values.length + 2}::int as near) as greeting`,
    values: [...values, greetedPid(client), localPort],
  });
  const { version, pid, named, near, anything } = reply.rows[0] as Greeting;
  const direct = named && near;
  if (!direct) {
    if (await isSharedByTransaction(client, pid, named, config)) throw new PooledByTransaction();
    await client.query({ text: `select ${made}`, values });
  }
  if (unchecked && anything) await client.query(`set client_encoding = 'SQL_ASCII'`);
  return { serverVersion: version, backendPid: pid, direct };
}

async function open(client: pg.Client, { state, options, kill, config }: Opening): Promise<Session> {
  const greeting = await greet(client, { ...baseSettings, ...options.settings }, config, options.unchecked === true);
  let closed: Promise<void> | undefined;
  let waiting = 0;
  // After the greeting it is the socket that all bytes go through, with TLS or without.
  const stream = client.connection.stream as Socket;
  let reading: CopyRun | undefined;
  const unwatch = watchAnswers(
    {
      // Rows that were sent may wait for their reader as long as it likes.
      waits: () => state.lost === undefined && (reading === undefined ? waiting > 0 : reading.starved),
      bytes: () => stream.bytesRead + stream.bytesWritten,
      ask: (withinMs) => askAfter(config, greeting.backendPid, withinMs),
      lost: (why) => {
        state.lost ??= new ConnectionLost(why);
        stream.destroy(state.lost);
      },
    },
    options.answerTimeoutMs ?? usualAnswerTimeoutMs,
  );
  client.once('end', unwatch);

  const guarded = async <Result>(work: () => Promise<Result>): Promise<Result> => {
    if (state.lost !== undefined) throw new ConnectionLost(state.lost.message, { cause: state.lost });
    waiting += 1;
    try {
      return await work();
    } catch (error) {
      throw markPlace(error, `database ${config.database} on ${config.host}:${config.port}`);
    } finally {
      waiting -= 1;
    }
  };
  const writeIn = (piped: CopyTarget): CopyTarget => {
    waiting += 1;
    piped.once('close', () => {
      waiting -= 1;
    });
    return piped;
  };
  const read = (run: CopyRun & pg.Submittable, until: Stream): CopyRun => {
    reading = run;
    until.once('close', () => {
      if (reading === run) reading = undefined;
    });
    return client.query(run);
  };
  const room = preparedRoom(preparedCharacters);
  /** The same with the name that there is room for. */
  const named = async (statement: Statement): Promise<Statement> => {
    if (statement.amongMany !== true) return statement;
    const { name, gone } = room.place(statement.text);
    // The driver's own list, which it makes no shorter. What the server refused to prepare is not in it.
    const { parsedStatements } = client.connection as unknown as { parsedStatements: Record<string, string> };
    const there = gone.filter((each) => each in parsedStatements);
    if (there.length > 0) await guarded(() => client.query(there.map((each) => `deallocate ${each}`).join('; ')));
    for (const each of there) delete parsedStatements[each];
    return name === undefined ? statement : { ...statement, name };
  };
  const close = (): Promise<void> => {
    closed ??= (async () => {
      options.signal?.removeEventListener('abort', kill);
      if (state.lost !== undefined) return;
      const impatience = setTimeout(kill, farewellMs);
      await client.end().catch(() => undefined);
      clearTimeout(impatience);
    })();
    return closed;
  };

  return {
    ...greeting,
    get lost() {
      return state.lost !== undefined;
    },
    async query<Row extends object>(statement: Statement) {
      // The driver's types do not know the mode that makes it parse a text without values as one statement.
      const mode = statement.alone === true ? { queryMode: 'extended' } : {};
      const config: pg.QueryConfig = { ...configOf(statement), ...mode };
      const result = await guarded(() => client.query<Row>(config));
      return result.rows;
    },
    async run(statement) {
      const config = configOf(await named(statement));
      const result = await guarded(() => client.query(config));
      return result.rowCount ?? 0;
    },
    async script(text) {
      await guarded(() => client.query(text));
    },
    copyOut(text) {
      const rows = new CopyOut(text);
      read(rows.run, rows);
      return rows;
    },
    copyIn: (text, ahead = 0) => writeIn(client.query(copyInto(text, ahead))),
    relay: (text, into) => read(relayInto(into, text), into),
    async listen(channel, onNotify) {
      client.on('notification', (message) => {
        if (message.channel === channel) onNotify(message.payload ?? '');
      });
      await guarded(() => client.query(`listen "${channel.replaceAll('"', '""')}"`));
    },
    close,
    abandon: kill,
    [Symbol.asyncDispose]: close,
  };
}
