import { spawnSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { sql } from '../../src/db/statement.ts';
import type { FreshDatabase } from '../../test/support/database.ts';
import { type Daemon, type DebianPrograms, locationOf } from '../../test/support/debian-programs.ts';
import { waitFor } from '../../test/support/replication.ts';
import type { Contender } from '../support/contender.ts';
import type { Pair } from '../support/pair.ts';
import { replicated } from '../support/workload.ts';

export const slonyInstalled = (): boolean => existsSync('/usr/bin/slonik');

/** The fastest of the others that capture by triggers. */
export const slony: Contender = {
  name: 'slony',
  async prepare(pair, programs) {
    const cluster = slonyCluster(pair, programs, replicated);
    cluster.subscribe('omit copy = true');
    await cluster.subscribed();
    await cluster.subscriber.stop();
    return {
      pids: [cluster.origin.child.pid as number],
      async start() {
        return [cluster.daemon('target', pair.target).child.pid as number];
      },
      stop: programs.stop,
    };
  },
};

interface SlonyCluster {
  readonly origin: Daemon;
  readonly subscriber: Daemon;
  daemon(node: string, database: FreshDatabase): Daemon;
  subscribe(option: string): void;
  /** Until the target has taken over the rows, or agreed that they are there. */
  subscribed(): Promise<void>;
}

/** Two nodes with their daemons; the tables are in a set that nobody has subscribed to. */
export function slonyCluster(
  { source, target }: Pair,
  programs: DebianPrograms,
  tables: readonly string[],
): SlonyCluster {
  const preamble = `cluster name = bench;
    node 1 admin conninfo = '${locationOf(source)}';
    node 2 admin conninfo = '${locationOf(target)}';\n`;
  const slonik = (text: string) => {
    const file = join(programs.folder, 'script.slonik');
    writeFileSync(file, preamble + text);
    const done = spawnSync('slonik', [file], { encoding: 'utf8' });
    if (done.status !== 0) throw new Error(`slonik: ${done.stdout}${done.stderr}`);
  };
  const daemon = (node: string, database: FreshDatabase): Daemon =>
    programs.daemon('slon', ['bench', locationOf(database)], `slon-${node}`);
  slonik(`init cluster (id = 1, comment = 'source');
    create set (id = 1, origin = 1, comment = 'all');
    ${tables.map((table, index) => `set add table (set id = 1, origin = 1, id = ${index + 1}, fully qualified name = '${table}');`).join('\n')}
    store node (id = 2, comment = 'target', event node = 1);
    store path (server = 1, client = 2, conninfo = '${locationOf(source)}');
    store path (server = 2, client = 1, conninfo = '${locationOf(target)}');`);
  return {
    origin: daemon('source', source),
    subscriber: daemon('target', target),
    daemon,
    subscribe: (option) => slonik(`subscribe set (id = 1, provider = 1, receiver = 2, forward = no, ${option});`),
    async subscribed() {
      await using session = await target.session();
      await waitFor(
        () => `Slony's subscription: ${programs.logs()}`,
        120_000,
        async () => {
          const rows = await session.query(
            sql('select from _bench.sl_subscribe where sub_active and sub_receiver = 2'),
          );
          return rows.length > 0;
        },
      );
    },
  };
}
