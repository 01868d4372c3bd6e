import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { Ajv } from 'ajv';
import { expect, test } from 'vitest';
import { runProgram, startProgram, temporaryFile } from '../support/program.ts';
import { type Replication, replication, waitFor } from '../support/replication.ts';

const browser = '/usr/bin/chromium';
const people = 'create table people (id int primary key, name text)';

const fileOf = (cascade: Replication) => `version: 1
${cascade.cluster.yaml}queues:
  replika:
    nodes:
      src: { database: src, role: root }
      dst: { database: dst, role: leaf, provider: src }
    tables: [{ name: public.people }]
`;

test('metrics, health and the page of a running process', async () => {
  await using cascade = await replication({ src: 14, dst: 18 }, people);
  await using source = await cascade.session('src');
  await source.script(`insert into people select i, 'name ' || i from generate_series(1, 100) i`);
  await cascade.addTable({ name: 'public.people' });
  using file = temporaryFile('trunkline.yaml', fileOf(cascade));
  await using running = startHttp(file.path);
  const url = await running.url;
  await cascade.caughtUp('dst');
  await waitFor('the process is ready', 20_000, async () => (await fetch(`${url}/readyz`)).status === 200);
  await source.script(`insert into people values (101, '<b>bold</b>')`);
  await cascade.caughtUp('dst');

  expect(await (await fetch(`${url}/livez`)).text()).toBe('ok\n');
  const metrics = async () => (await fetch(`${url}/metrics`)).text();
  await waitFor('events are counted', 10_000, async () =>
    /^londiste_events_applied_total\{queue="replika",node="dst"\} [1-9]/m.test(await metrics()),
  );
  const text = await metrics();
  expect(text).toMatch(/^londiste_node_status\{queue="replika",node="dst",verdict="ok"\} 1$/m);
  const at = (metric: string) => new RegExp(`^${metric}\\{queue="replika",node="src"\\} (\\d+)$`, 'm').exec(text)?.[1];
  expect(at('londiste_node_last_tick_id')).toBe(at('pgq_queue_last_tick_id'));
  expect(text).toMatch(/^londiste_tables\{queue="replika",node="dst",state="ok"\} 1$/m);
  expect(text).toMatch(/^pgq_queue_ticker_lag_seconds\{queue="replika",node="src"\} \d/m);
  expect(text).toMatch(/^pgq_consumer_lag_seconds\{queue="replika",node="dst"\} \d/m);
  expect(text).toMatch(/^process_resident_memory_bytes \d/m);
  expect(faultsOf(text)).toEqual([]);

  const status = await (await fetch(`${url}/status.json`)).json();
  const valid = new Ajv({ strict: true, allowUnionTypes: true }).compile(
    JSON.parse(readFileSync('schemas/status.schema.json', 'utf8')) as object,
  );
  valid(status);
  expect(valid.errors).toBeNull();

  expect((await fetch(`${url}/nothing`)).status).toBe(404);
  expect((await fetch(`${url}/metrics`, { method: 'POST' })).status).toBe(405);
  expect((await fetch(`${url}/`, { method: 'HEAD' })).headers.get('content-security-policy')).toMatch(
    /default-src 'none'/,
  );

  const port = new URL(url).port;
  expect(await runProgram(['run', '--http', port, '-f', file.path])).toMatchObject({
    status: 1,
    stderr: expect.stringMatching(/another process listens there[\s\S]*--http/),
  });

  await using target = await cascade.session('dst');
  await target.script('drop table people cascade');
  await waitFor('a fault makes it unready', 10_000, async () => {
    const answer = await fetch(`${url}/readyz`);
    return answer.status === 503 && (await answer.text()).includes('"code":"table_gone"');
  });
});

test.skipIf(!existsSync(browser) && (process.env.CI ?? '') === '')(
  'the page, in a browser (apt-get install chromium)',
  async () => {
    await using cascade = await replication({ src: 14, dst: 18 }, people);
    await cascade.addTable({ name: 'public.people' });
    using file = temporaryFile('trunkline.yaml', fileOf(cascade));
    await using running = startHttp(file.path);
    const url = await running.url;
    await cascade.caughtUp('dst');
    await waitFor('the process is ready', 20_000, async () => (await fetch(`${url}/readyz`)).status === 200);
    await waitFor('the page shows the cascade', 60_000, async () => {
      const shown = await dom(url);
      return (
        /<article[^>]*data-node="src"[\s\S]*<ul>[\s\S]*<article[^>]*data-node="dst"/.test(shown) &&
        ['all ok: 2 nodes', '1 table: 1 ok', 'caught up'].every((words) => shown.includes(words))
      );
    });
  },
);

test('an address that is none is refused', async () => {
  using file = temporaryFile('trunkline.yaml', 'version: 1\n');
  for (const address of ['nowhere', '1.2.3.4:', '127.0.0.1:70000']) {
    expect(await runProgram(['run', '--http', address, '-f', file.path])).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(/is not an address/),
    });
  }
});

/** `run --http` on a free port; ends with SIGTERM. */
function startHttp(file: string): AsyncDisposable & { readonly url: Promise<string> } {
  const running = startProgram(['run', '--json', '--http', '0', '-f', file]);
  const found = async () => {
    for (let round = 0; round < 300; round += 1) {
      const url = /are at (http:[^"]+)"/.exec(running.output)?.[1];
      if (url !== undefined) return url;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error(`no address in: ${running.output}`);
  };
  return {
    url: found(),
    async [Symbol.asyncDispose]() {
      await running.kill('SIGTERM');
    },
  };
}

/** The document after its script has run for some seconds. */
async function dom(url: string): Promise<string> {
  const args = ['--headless', '--no-sandbox', '--disable-gpu', '--virtual-time-budget=5000', '--dump-dom', url];
  const { stdout } = await promisify(execFile)(browser, args, { maxBuffer: 1e7, timeout: 60_000 });
  return stdout;
}

/** What breaks the text format: a series without HELP and TYPE, or told twice. */
function faultsOf(text: string): string[] {
  const faults: string[] = [];
  const typed = new Set<string>();
  const series = new Set<string>();
  for (const line of text.split('\n').filter((each) => each !== '')) {
    const type = /^# TYPE (\S+) /.exec(line)?.[1];
    if (type !== undefined) typed.add(type);
    if (line.startsWith('#')) continue;
    const [, name = '', base = ''] = /^(([a-z0-9_]+?)(?:_bucket|_sum|_count)?(?:\{.*\})?) \S+$/.exec(line) ?? [];
    if (series.has(name)) faults.push(`twice: ${line}`);
    series.add(name);
    if (!typed.has(base) && !typed.has(/^[a-z0-9_]+/.exec(line)?.[0] ?? '')) faults.push(`no type: ${line}`);
  }
  return faults;
}
