import { createHash, randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { bundledSchemas, installSchemas } from '../../src/catalog/install.ts';
import type { Connector } from '../../src/db/connector.ts';
import { connect, type Session } from '../../src/db/session.ts';
import { installScript } from '../../src/db/sql-files.ts';
import { quoteIdent, sql } from '../../src/db/statement.ts';
import { transaction } from '../../src/db/transaction.ts';
import { type DatabaseName, databaseName } from '../../src/model/names.ts';
import { ToolError } from '../../src/model/problem.ts';
import type { SchemaName } from '../../src/model/schemas.ts';
import type { ConnectionParams } from '../../src/model/topology.ts';
import type { RunningServer } from '../../src/sandbox/start-server.ts';
import { type ServerVersion, sessionOn, sharedServer } from './server.ts';

export interface FreshDatabaseOptions {
  /** 18 unless told. */
  readonly version?: ServerVersion;
  /** Which bundled schemas it has, all of them unless told; or the original extensions, where the server has them. */
  readonly install?: boolean | readonly SchemaName[] | 'extensions';
  /** Its name in the file; `db` unless told. */
  readonly name?: string;
  /** A server other than the shared one. */
  readonly server?: RunningServer;
}

/** An empty database that only this test uses. */
export interface FreshDatabase extends AsyncDisposable {
  readonly name: DatabaseName;
  readonly version: number;
  readonly dbname: string;
  /** With the password. */
  readonly url: string;
  readonly params: ConnectionParams;
  readonly connector: Connector;
  /** A new session; the caller closes it, best with `await using`. */
  session(): Promise<Session>;
  drop(): Promise<void>;
}

const bundled = bundledSchemas.map(({ name }) => name);

/** A fresh database, cloned from a template that has the bundled schemas. Hold it with `await using`. */
export async function freshDatabase(options: FreshDatabaseOptions = {}): Promise<FreshDatabase> {
  const server = options.server ?? (await sharedServer(options.version ?? 18));
  const template = await templateFor(server, options.install ?? true);
  const dbname = `test_${randomBytes(6).toString('hex')}`;
  {
    await using admin = await sessionOn(server, 'postgres');
    await admin.script(`create database ${quoteIdent(dbname)} template ${quoteIdent(template)}`);
  }
  return describe(server, databaseName(options.name ?? 'db'), dbname);
}

function describe(server: RunningServer, name: DatabaseName, dbname: string): FreshDatabase {
  const { host, port, user, password } = server;
  const target = { host, port, dbname, user, password: password.reveal(), ssl: false, connectTimeoutMs: 20_000 };
  const drop = () => dropDatabase(server, dbname);
  return {
    name,
    version: server.version,
    dbname,
    url: `postgresql://${user}:${password.reveal()}@${host}:${port}/${dbname}`,
    params: {
      host,
      port,
      dbname,
      user,
      password,
      passfile: undefined,
      service: undefined,
      sslmode: undefined,
      sslrootcert: undefined,
      sslcert: undefined,
      sslkey: undefined,
      connectTimeoutMs: undefined,
    },
    async connector(database, sessionOptions) {
      if (database !== name) throw new Error(`the test knows database ${name}, not ${database}`);
      return connect(target, sessionOptions);
    },
    session: () => sessionOn(server, dbname),
    drop,
    [Symbol.asyncDispose]: drop,
  };
}

async function dropDatabase(server: RunningServer, dbname: string): Promise<void> {
  await using admin = await sessionOn(server, 'postgres');
  // Before 13 there is no `with (force)`, and a test may have left sessions behind.
  await admin.query(sql('select pg_terminate_backend(pid) from pg_stat_activity where datname = $1', dbname));
  await admin.script(`drop database if exists ${quoteIdent(dbname)}${server.version >= 13 ? ' with (force)' : ''}`);
}

const extensions = 'create extension pgq; create extension pgq_node; create extension londiste';

function templateFor(server: RunningServer, wanted: boolean | readonly SchemaName[] | 'extensions'): Promise<string> {
  if (wanted === 'extensions') return makeTemplate(server, extensions, (session) => session.script(extensions));
  const schemas = schemasOf(wanted);
  if (schemas.length === 0) return Promise.resolve('template0');
  const files = schemas.flatMap((schema) => installScript(schema));
  return makeTemplate(server, JSON.stringify([files, bundledSchemas]), (session) => install(session, schemas));
}

function schemasOf(install: boolean | readonly SchemaName[]): readonly SchemaName[] {
  const wanted = install === true ? bundled : install === false ? [] : install;
  return bundled.filter((schema) => wanted.includes(schema) && existsSync(`sql/${schema}/install.list`));
}

/** Made once per server and content, by whichever process comes first. */
async function makeTemplate(
  server: RunningServer,
  content: string,
  fill: (session: Session) => Promise<unknown>,
): Promise<string> {
  const digest = createHash('sha256').update(content).digest('hex').slice(0, 12);
  const template = `template_${digest}`;
  await using admin = await sessionOn(server, 'postgres');
  if (await exists(admin, template)) return template;
  await admin.query(sql('select pg_advisory_lock(hashtext($1))', template));
  if (await exists(admin, template)) return template;
  const draft = `${template}_draft`;
  await dropDatabase(server, draft);
  await admin.script(`create database ${quoteIdent(draft)} template template0`);
  {
    await using session = await sessionOn(server, draft);
    await fill(session);
  }
  await admin.script(`alter database ${quoteIdent(draft)} rename to ${quoteIdent(template)}`);
  await admin.script(`alter database ${quoteIdent(template)} allow_connections false`);
  return template;
}

async function install(session: Session, schemas: readonly SchemaName[]): Promise<void> {
  try {
    // The installer records what it did in schema trunkline; without that schema the scripts are run as they are.
    if (schemas.includes('trunkline')) await installSchemas(session, schemas);
    else await transaction(session, () => runScripts(session, schemas));
  } catch (error) {
    if (!(error instanceof ToolError)) throw error;
    throw new Error(`the template of test databases: ${JSON.stringify(error.problems)}`, { cause: error });
  }
}

async function runScripts(session: Session, schemas: readonly SchemaName[]): Promise<void> {
  for (const { path, text } of schemas.flatMap((schema) => installScript(schema))) {
    await session.script(text).catch((error: Error) => {
      throw new Error(`sql/${path} does not install: ${error.message}`, { cause: error });
    });
  }
}

async function exists(admin: Session, dbname: string): Promise<boolean> {
  // Connections are forbidden last: a template that still allows them is not finished.
  const text = 'select from pg_database where datname = $1 and not datallowconn';
  return (await admin.query(sql(text, dbname))).length > 0;
}
