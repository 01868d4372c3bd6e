import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { test } from 'vitest';
import { installSchemas } from '../src/catalog/install.ts';
import type { Session } from '../src/db/session.ts';
import { sql } from '../src/db/statement.ts';
import { captureArgs } from '../src/model/table-codec.ts';
import type { RunningServer } from '../src/sandbox/start-server.ts';
import { databaseName, tableName } from '../test/support/builders.ts';
import { debianServer } from '../test/support/debian-server.ts';
import { ownServer, sessionOn } from '../test/support/server.ts';
import { median } from './median.ts';
import { chart } from './support/capture-chart.ts';

// What capturing costs the source: no capture, the C trigger of the extension, and ours, in turns on one server; and, as the
// extension is packaged for no newer one, no capture and ours on PostgreSQL 18.

const contenders = ['none', 'extension', 'trunkline'] as const;
type Contender = (typeof contenders)[number];

const rounds = Number(process.env.TRUNKLINE_BENCH_ROUNDS ?? 5);
const seconds = Number(process.env.TRUNKLINE_BENCH_SECONDS ?? 4);
const bulkRows = 100_000;

const tables = `
  create table user_session (userid int primary key, logintime timestamp(0), login_count bigint default 0, logouttime timestamp(0),
    online_interval interval default interval '0');
  create table user_login_rec (id bigserial primary key, userid int, login_time timestamp, ip inet);
  insert into user_session (userid) select generate_series(1, 200000)`;

const login = String.raw`
\set u random(1, 200000)
begin;
insert into user_login_rec (userid, login_time, ip) values (:u, now(), inet '127.0.0.1');
update user_session set logintime = now(), login_count = login_count + 1 where userid = :u;
commit;
`;

const bulk = {
  insert: `insert into user_session (userid) select generate_series(200001, ${200_000 + bulkRows})`,
  update: 'update user_session set login_count = login_count + 1 where userid > 200000',
  delete: 'delete from user_session where userid > 200000',
};

/** A transaction that changes nothing: triggers for whole statements fire all the same. */
const idle = `
update user_session set logintime = now() where userid = -1;
`;

interface Figure {
  readonly server: number;
  readonly measure: string;
  readonly unit: 'tx/s' | 'ms';
  readonly values: Readonly<Partial<Record<Contender, readonly number[]>>>;
}

interface Bench {
  readonly server: RunningServer;
  readonly version: number;
  readonly contenders: readonly Contender[];
}

// Tests do without durability; here the wait for the disk is part of what is measured.
const settings = { shared_buffers: '256MB', max_wal_size: '4GB', fsync: 'on', full_page_writes: 'on' };

test('capture', { timeout: 3_600_000 }, async () => {
  const figures: Figure[] = [];
  {
    await using debian = await debianServer(settings);
    figures.push(...(await measure({ server: debian.server, version: 15, contenders })));
  }
  {
    await using own = await ownServer(18, settings);
    figures.push(...(await measure({ server: own.server, version: 18, contenders: ['none', 'trunkline'] })));
  }
  report(figures);
});

async function measure(bench: Bench): Promise<readonly Figure[]> {
  const folder = mkdtempSync(join(tmpdir(), 'trunkline-bench-'));
  const scripts = { login: join(folder, 'login.sql'), idle: join(folder, 'idle.sql') };
  writeFileSync(scripts.login, login);
  writeFileSync(scripts.idle, idle);
  try {
    for (const contender of bench.contenders) await prepare(bench.server, contender);
    const figures: Figure[] = [];
    for (const wait of ['off', 'on']) {
      figures.push(
        await inTurns(bench, `login transactions, synchronous_commit ${wait}`, 'tx/s', (contender) =>
          pgbench(bench.server, contender, scripts.login, wait),
        ),
      );
    }
    figures.push(
      await inTurns(bench, 'an update that finds no row', 'tx/s', (contender) =>
        pgbench(bench.server, contender, scripts.idle, 'off'),
      ),
    );
    for (const [name, statement] of Object.entries(bulk)) {
      figures.push(
        await inTurns(bench, `one ${name} of ${bulkRows} rows`, 'ms', (contender) =>
          time(bench.server, contender, name, statement),
        ),
      );
    }
    return figures;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function prepare(server: RunningServer, contender: Contender): Promise<void> {
  {
    await using admin = await sessionOn(server, 'postgres');
    await admin.script(`create database ${contender}`);
  }
  await using session = await sessionOn(server, contender);
  await session.script(tables);
  if (contender === 'extension')
    await session.script('create extension pgq; create extension pgq_node; create extension londiste');
  if (contender === 'trunkline') {
    await installSchemas(session, ['pgq', 'pgq_ext', 'pgq_node', 'londiste', 'trunkline'], databaseName(contender));
  }
  if (contender !== 'none') await capture(session, contender);
  await session.script('vacuum analyze');
}

async function capture(session: Session, contender: 'extension' | 'trunkline'): Promise<void> {
  await session.script(`
    select pgq_node.register_location('q', 'root', 'dbname=root', false);
    select pgq_node.create_node('q', 'root', 'root', 'worker', null, null, null)`);
  const args = captureArgs(contender === 'trunkline' ? 'bundled' : 'extension');
  for (const table of ['public.user_session', 'public.user_login_rec'].map(tableName)) {
    const [reply] = await session.query<{ ret_code: number }>(
      sql('select ret_code from londiste.local_add_table($1, $2, $3)', 'q', table, args),
    );
    if (reply?.ret_code !== 200) throw new Error(`${contender}: ${table} was not added`);
  }
}

async function inTurns(
  { version, contenders }: Bench,
  measure: string,
  unit: Figure['unit'],
  once: (contender: Contender) => Promise<number>,
): Promise<Figure> {
  const values: Partial<Record<Contender, number[]>> = {};
  // Caches and plans are warm before anything counts.
  for (const contender of contenders) await once(contender);
  for (let round = 0; round < rounds; round += 1) {
    for (const contender of contenders) {
      values[contender] = [...(values[contender] ?? []), await once(contender)];
    }
  }
  return { server: version, measure, unit, values };
}

async function pgbench(server: RunningServer, contender: Contender, script: string, wait: string): Promise<number> {
  const { stdout } = await promisify(execFile)(
    '/usr/lib/postgresql/15/bin/pgbench',
    [
      '-n',
      '-f',
      script,
      '-c',
      '1',
      '-T',
      String(seconds),
      '-M',
      'prepared',
      '-h',
      server.host,
      '-p',
      String(server.port),
      '-U',
      server.user,
      contender,
    ],
    {
      env: { ...process.env, PGPASSWORD: server.password.reveal(), PGOPTIONS: `-c synchronous_commit=${wait}` },
    },
  );
  const tps = /tps = ([\d.]+)/.exec(stdout)?.[1];
  if (tps === undefined) throw new Error(`pgbench gave no figure: ${stdout}`);
  return Number(tps);
}

/** The rows are put back as they were by the other statements, untimed. */
async function time(server: RunningServer, contender: Contender, name: string, statement: string): Promise<number> {
  await using session = await sessionOn(server, contender);
  await session.script(
    `set session_replication_role = replica; ${name === 'insert' ? bulk.delete : `${bulk.insert} on conflict do nothing`}; reset session_replication_role`,
  );
  const start = performance.now();
  await session.script(statement);
  return performance.now() - start;
}

/** A ratio of a round compares neighbours in time, so it is steadier than the figures. */
function speedAgainst({ unit, values }: Figure, base: Contender) {
  const other = values[base];
  if (other === undefined) return undefined;
  const ratios = (values.trunkline ?? []).map((value, round) => {
    const there = other[round] ?? Number.NaN;
    return unit === 'tx/s' ? value / there : there / value;
  });
  return { median: rounded(median(ratios)), min: rounded(Math.min(...ratios)) };
}

/** What capturing adds to a statement, where there is time to be added, as a part of what the C trigger adds. */
function costAgainstExtension({ unit, values: { none, extension, trunkline } }: Figure) {
  if (unit !== 'ms' || none === undefined || extension === undefined || trunkline === undefined) return undefined;
  return rounded((median(trunkline) - median(none)) / (median(extension) - median(none)));
}

function report(figures: readonly Figure[]): void {
  const rows = figures.map((figure) => ({
    server: figure.server,
    measure: figure.measure,
    unit: figure.unit,
    median: Object.fromEntries(
      Object.entries(figure.values).map(([contender, values]) => [contender, Math.round(median(values))]),
    ),
    speedAgainstNone: speedAgainst(figure, 'none'),
    speedAgainstExtension: speedAgainst(figure, 'extension'),
    costAgainstExtension: costAgainstExtension(figure),
  }));
  const load = loadavg().map(rounded);
  mkdirSync('bench/results', { recursive: true });
  const machine = { processors: cpus().length, loadAtTheEnd: load };
  writeFileSync('bench/results/capture.json', `${JSON.stringify({ rounds, seconds, machine, rows }, undefined, 2)}\n`);
  writeFileSync(
    'bench/results/capture.svg',
    chart(
      'What capturing costs the source',
      [
        `Medians of ${rounds} rounds in turns, thin lines from the lowest to the highest round. ${machine.processors} processors, load ${load.join(', ')} at the end.`,
        'A login transaction inserts one row and updates one, in two tables.',
      ],
      figures.map(({ server, measure, unit, values }) => ({
        measure: `${measure} (${server})`,
        unit: unit === 'ms' ? 'milliseconds' : 'transactions a second',
        better: unit === 'ms' ? 'less' : 'more',
        bars: Object.entries(values).map(([name, each]) => ({
          name,
          value: median(each),
          low: Math.min(...each),
          high: Math.max(...each),
        })),
      })),
    ),
  );
  for (const row of rows) {
    const against = row.speedAgainstExtension ?? row.speedAgainstNone;
    console.log(
      `${String(row.server)} ${row.measure.padEnd(44)} ${JSON.stringify(row.median)} ${row.unit}, against ` +
        `${row.speedAgainstExtension === undefined ? 'none' : 'the extension'}: median ${against?.median}, min ${against?.min}` +
        (row.costAgainstExtension === undefined ? '' : `; adds ${row.costAgainstExtension} of what the C trigger adds`),
    );
  }
}

function rounded(value: number): number {
  return Math.round(value * 100) / 100;
}
