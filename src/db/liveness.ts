import pg from 'pg';

/** What another connection says of a session that has not answered. */
export type Sign =
  /** The server works for it, or says nothing against that. */
  | 'works'
  /** The server has answered, or was never asked: one of the two was lost on its way. */
  | 'rests'
  /** The server has no such session. */
  | 'gone'
  /** Nobody answers there. */
  | 'none';

/**
 * Asks the server after a session by a connection of its own. Keep-alive of TCP takes minutes to hours to find out that
 * nothing comes through any more, and a long statement is as quiet as a dead server.
 */
export async function askAfter(config: pg.ClientConfig, pid: number, withinMs: number): Promise<Sign> {
  const client = new pg.Client({ ...config, connectionTimeoutMillis: withinMs });
  client.on('error', () => undefined);
  const timer = setTimeout(() => client.connection.stream.destroy(new Error('no answer')), withinMs);
  try {
    await client.connect();
    const { rows } = await client.query<{ state: string | null }>({
      text: 'select state from pg_catalog.pg_stat_activity where pid = $1',
      values: [pid],
    });
    const [row] = rows;
    if (row === undefined) return 'gone';
    return row.state?.startsWith('idle') === true ? 'rests' : 'works';
  } catch (error) {
    // A server that refuses, for want of connections perhaps, is there.
    return error instanceof pg.DatabaseError ? 'works' : 'none';
  } finally {
    clearTimeout(timer);
    client.connection.stream.destroy();
  }
}

export interface Watched {
  /** Whether an answer is waited for. */
  waits(): boolean;
  /** Moves with every byte of the connection. */
  bytes(): number;
  /** By another connection. */
  ask(withinMs: number): Promise<Sign>;
  /** Of no use any more. */
  lost(why: string): void;
}

/** Asks after a session that waits and hears nothing, and gives it up when there is no sign of it. Returns what ends the watch. */
export function watchAnswers(watched: Watched, answerTimeoutMs: number): () => void {
  const everyMs = answerTimeoutMs / 3;
  let bytes = -1;
  let quietSince = performance.now();
  let rested = 0;
  let asking = false;
  const look = async (): Promise<void> => {
    const now = performance.now();
    if (!watched.waits() || watched.bytes() !== bytes) {
      bytes = watched.bytes();
      quietSince = now;
      rested = 0;
      return;
    }
    if (asking || now - quietSince < everyMs * 0.9) return;
    asking = true;
    const sign = await watched.ask(everyMs * 2).finally(() => {
      asking = false;
    });
    if (!watched.waits() || watched.bytes() !== bytes) return;
    // What it has sent just now may still be on its way.
    rested = sign === 'rests' ? rested + 1 : 0;
    const seconds = Math.round((performance.now() - quietSince) / 100) / 10;
    if (sign === 'none')
      watched.lost(`the server has not answered for ${seconds} s, nor does it take another connection`);
    else if (sign === 'gone' || rested === 2)
      watched.lost(`nothing has come through for ${seconds} s, and the server does not work on what it was asked`);
  };
  const timer = setInterval(() => void look(), everyMs);
  timer.unref();
  return () => clearInterval(timer);
}
