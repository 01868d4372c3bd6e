import { type FreshDatabase, freshDatabase } from '../../test/support/database.ts';
import { debianServer } from '../../test/support/debian-server.ts';

/** What every contender's servers are told alike. Durability is as shipped: waits for the disk are part of what is measured. */
const settings: Readonly<Record<string, string>> = {
  shared_buffers: '256MB',
  max_wal_size: '4GB',
  wal_level: 'logical',
  fsync: 'on',
  full_page_writes: 'on',
};

/** A source and a target, each an empty database on a fresh server of its own. */
export interface Pair extends AsyncDisposable {
  readonly source: FreshDatabase;
  readonly target: FreshDatabase;
  /** The two postmasters. */
  readonly pids: readonly number[];
  /** One more database on the target's server. */
  another(name: string): Promise<FreshDatabase>;
}

export async function freshPair(): Promise<Pair> {
  const source = await debianServer(settings);
  const target = await debianServer(settings);
  return {
    source: await freshDatabase({ server: source.server, name: 'source', install: false }),
    target: await freshDatabase({ server: target.server, name: 'target', install: false }),
    pids: [source.server.pid, target.server.pid],
    another: (name) => freshDatabase({ server: target.server, name, install: false }),
    async [Symbol.asyncDispose]() {
      await source[Symbol.asyncDispose]();
      await target[Symbol.asyncDispose]();
    },
  };
}
