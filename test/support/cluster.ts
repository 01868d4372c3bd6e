import type { Connector } from '../../src/db/connector.ts';
import { encodeLocation } from '../../src/model/location-codec.ts';
import type { DatabaseName, Location } from '../../src/model/names.ts';
import { type FreshDatabase, type FreshDatabaseOptions, freshDatabase } from './database.ts';
import { type OwnServer, ownServer, type ServerVersion } from './server.ts';

export interface ClusterDatabaseOptions extends Pick<FreshDatabaseOptions, 'version' | 'install' | 'server'> {
  /** On a server of its own, which the test may stop and start. */
  readonly own?: boolean;
}

/** Several fresh databases, called as in the file. */
export interface Cluster<Name extends string> extends AsyncDisposable {
  readonly databases: Readonly<Record<Name, FreshDatabase>>;
  readonly connector: Connector;
  readonly locations: ReadonlyMap<DatabaseName, Location>;
  /** The `databases:` section of a file that names them, password and all. */
  readonly yaml: string;
  /** Only for a database with a server of its own. */
  stop(name: Name): Promise<void>;
  start(name: Name): Promise<void>;
}

/** A source and two targets, each on another major version, none with any schema installed. */
export function sourceAndTargets(): Promise<Cluster<'src' | 'dst1' | 'dst2'>> {
  return freshCluster({ src: 12, dst1: 18, dst2: 14 });
}

/** `await using cluster = await freshCluster({ src: 14, dst: { version: 18, own: true } })`. */
export async function freshCluster<Name extends string>(
  wanted: Readonly<Record<Name, ServerVersion | ClusterDatabaseOptions>>,
): Promise<Cluster<Name>> {
  const databases = new Map<string, FreshDatabase>();
  const servers = new Map<string, OwnServer>();
  const dispose = async () => {
    for (const [name, database] of databases) if (!servers.has(name)) await database.drop();
    for (const server of servers.values()) await server[Symbol.asyncDispose]();
  };
  try {
    for (const [name, value] of Object.entries<ServerVersion | ClusterDatabaseOptions>(wanted)) {
      const options = typeof value === 'number' ? { version: value } : value;
      const own = options.own === true ? await ownServer(options.version ?? 18) : undefined;
      if (own !== undefined) servers.set(name, own);
      databases.set(
        name,
        await freshDatabase({ install: false, ...options, name, ...(own ? { server: own.server } : {}) }),
      );
    }
  } catch (error) {
    await dispose();
    throw error;
  }
  const ownServerOf = (name: Name): OwnServer => {
    const server = servers.get(name);
    if (server === undefined) throw new Error(`database ${name} shares its server with other tests: ask for own: true`);
    return server;
  };
  return {
    databases: Object.fromEntries(databases) as Record<Name, FreshDatabase>,
    connector: async (name, options) => {
      const database = databases.get(name);
      if (database === undefined) throw new Error(`the cluster has no database ${name}`);
      return database.connector(name, options);
    },
    locations: new Map([...databases.values()].map(({ name, params }) => [name, encodeLocation(params)])),
    yaml: `databases:\n${[...databases.values()].map(({ name, url }) => `  ${name}: { url: "${url}" }\n`).join('')}`,
    stop: async (name) => ownServerOf(name).stop(),
    start: async (name) => ownServerOf(name).start(),
    [Symbol.asyncDispose]: dispose,
  };
}
