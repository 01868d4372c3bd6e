import pg from 'pg';

/** A proxy gives each transaction to whichever connection of the server is free: nothing a session locks or sets lasts. */
export class PooledByTransaction extends Error {
  constructor() {
    super('a proxy between gives each transaction to another connection of the server');
    this.name = 'PooledByTransaction';
  }
}

/** The process that the greeting named. Most proxies that pool have an invention of their own there. */
export function greetedPid(client: pg.Client): number | undefined {
  return (client as pg.Client & { readonly processID?: number | null }).processID ?? undefined;
}

/**
 * A pool that gives out its connections in turn shows it at the second question, any other at the first, where nobody else
 * asks. Behind what passed on the name of the server's process there is a pool but rarely.
 */
const questions = { unnamed: 8, named: 2 };

/** Who waits for longer is in the queue of a pool that is full, which one shared by the transaction would not be for it. */
const withinMs = 5_000;

/**
 * Whether a second client meets the process of the first, which rests, or each of the two more than one process. By
 * session, a process is one client's alone. Nothing is set or locked to find out: that would stay behind for strangers.
 */
export async function isSharedByTransaction(
  first: pg.Client,
  firstPid: number,
  named: boolean,
  config: pg.ClientConfig,
): Promise<boolean> {
  const second = new pg.Client({ ...config, connectionTimeoutMillis: withinMs });
  second.on('error', () => undefined);
  const timer = setTimeout(() => second.connection.stream.destroy(new Error('no answer')), withinMs);
  try {
    await second.connect();
    let secondPid: number | undefined;
    for (let asked = 0; asked < questions[named ? 'named' : 'unnamed']; asked += 1) {
      const pid = await pidOf(second);
      if (pid === firstPid || (secondPid ?? pid) !== pid) return true;
      secondPid = pid;
    }
  } catch {
    // It says nothing against the first.
  } finally {
    clearTimeout(timer);
    await second.end().catch(() => undefined);
  }
  return (await pidOf(first)) !== firstPid;
}

async function pidOf(client: pg.Client): Promise<number> {
  const { rows } = await client.query<{ pid: number }>('select pg_catalog.pg_backend_pid() as pid');
  return rows[0]?.pid ?? 0;
}
