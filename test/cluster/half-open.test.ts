import { expect, test } from 'vitest';
import { sql } from '../../src/db/statement.ts';
import { faultProxy } from '../support/fault-proxy.ts';
import { startProgram, temporaryFile } from '../support/program.ts';
import { expectEqual, replication, waitFor } from '../support/replication.ts';

test('a provider that nothing comes through to any more is noticed in bounded time, and other nodes go on', async () => {
  const tables = 'create table people (id int primary key, name text)';
  await using cascade = await replication({ src: 14, dst: 18, other: 18 }, tables);
  await cascade.addTable({ name: 'public.people' });
  const databases = cascade.cluster.databases as Readonly<Record<'src' | 'dst' | 'other', { readonly url: string }>>;
  const { hostname, port } = new URL(databases.src.url);
  await using proxy = await faultProxy({ host: hostname, port: Number(port) });
  using file = temporaryFile(
    'trunkline.yaml',
    `version: 1
databases:
  src: { url: "${databases.src.url.replace(/:\d+\//, `:${proxy.port}/`)}?connect_timeout=3", answer_timeout: 3s }
  dst: { url: "${databases.dst.url}" }
  other: { url: "${databases.other.url}" }
queues:
  replika:
    nodes:
      src: { database: src, role: root }
      dst: { database: dst, role: leaf, provider: src }
      other: { database: other, role: leaf, provider: src }
    tables: [public.people]
`,
  );
  cascade.start(['src', 'other']);
  const run = startProgram(['run', '--node', 'dst', '-f', file.path, '--json']);
  try {
    await cascade.caughtUp('dst', 90_000);
    await using source = await cascade.session('src');
    await using target = await cascade.session('dst');
    proxy.freeze();
    await source.script(`insert into people select i, 'name ' || i from generate_series(1, 100) i`);
    await cascade.caughtUp('other', 60_000);
    await waitFor(
      () => `the worker to notice: ${run.output}`,
      60_000,
      async () => {
        const [row] = await target.query<{ error: string | null }>(
          sql(`select cur_error as error from pgq_node.local_state where consumer_name = 'dst.worker'`),
        );
        return /has not answered for|does not answer in time/.test(row?.error ?? '');
      },
    );
    expect(run.output).toMatch(/has not answered for [\d.]+ s/);
    proxy.thaw();
    await cascade.caughtUp('dst', 60_000);
    await expectEqual(source, 'select * from people', target, 'select * from people');
  } finally {
    await run.kill('SIGTERM');
  }
});
