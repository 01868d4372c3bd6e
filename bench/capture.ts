import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { test } from 'vitest';
import { installSchemas } from '../src/catalog/install.ts';
import type { Session } from '../src/db/session.ts';
import { sql } from '../src/db/statement.ts';
import { captureArgs } from '../src/model/table-codec.ts';
import { databaseName, tableName } from '../test/support/builders.ts';
import { debianServer } from '../test/support/debian-server.ts';
import { sessionOn } from '../test/support/server.ts';
import { median } from './median.ts';

// What capturing costs the source: no capture, the C trigger of the extension, and ours, in turns on one server.

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

interface Figure {
  readonly measure: string;
  readonly unit: 'tx/s' | 'ms';
  readonly values: Readonly<Record<Contender, readonly number[]>>;
}

test('capture', { timeout: 1_800_000 }, async () => {
  await using debian = await debianServer({
    shared_buffers: '256MB',
    max_wal_size: '4GB',
    // Tests do without; here the wait for the disk is part of what is measured.
    fsync: 'on',
    full_page_writes: 'on',
  });
  const { server } = debian;
  const folder = mkdtempSync(join(tmpdir(), 'trunkline-bench-'));
  const script = join(folder, 'login.sql');
  writeFileSync(script, login);
  try {
    for (const contender of contenders) await prepare(server, contender);
    const figures: Figure[] = [];
    for (const wait of ['off', 'on']) {
      figures.push(
        await inTurns(`login transactions, synchronous_commit ${wait}`, 'tx/s', (contender) =>
          pgbench(server, contender, script, wait),
        ),
      );
    }
    for (const [name, statement] of Object.entries(bulk)) {
      figures.push(
        await inTurns(`one ${name} of ${bulkRows} rows`, 'ms', (contender) => time(server, contender, name, statement)),
      );
    }
    report(figures);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

type Server = Awaited<ReturnType<typeof debianServer>>['server'];

async function prepare(server: Server, contender: Contender): Promise<void> {
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
  measure: string,
  unit: Figure['unit'],
  once: (contender: Contender) => Promise<number>,
): Promise<Figure> {
  const values: Record<Contender, number[]> = { none: [], extension: [], trunkline: [] };
  // Caches and plans are warm before anything counts.
  for (const contender of contenders) await once(contender);
  for (let round = 0; round < rounds; round += 1) {
    for (const contender of contenders) values[contender].push(await once(contender));
  }
  return { measure, unit, values };
}

async function pgbench(server: Server, contender: Contender, script: string, wait: string): Promise<number> {
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
    { env: { ...process.env, PGOPTIONS: `-c synchronous_commit=${wait}` } },
  );
  const tps = /tps = ([\d.]+)/.exec(stdout)?.[1];
  if (tps === undefined) throw new Error(`pgbench gave no figure: ${stdout}`);
  return Number(tps);
}

/** The rows are put back as they were by the other statements, untimed. */
async function time(server: Server, contender: Contender, name: string, statement: string): Promise<number> {
  await using session = await sessionOn(server, contender);
  await session.script(
    `set session_replication_role = replica; ${name === 'insert' ? bulk.delete : `${bulk.insert} on conflict do nothing`}; reset session_replication_role`,
  );
  const start = performance.now();
  await session.script(statement);
  return performance.now() - start;
}

/** A ratio of a round compares neighbours in time, so it is steadier than the figures. */
function report(figures: readonly Figure[]): void {
  const rows = figures.map(({ measure, unit, values }) => {
    const against = (base: Contender) =>
      values.trunkline.map((value, round) =>
        unit === 'tx/s' ? value / (values[base][round] ?? Number.NaN) : (values[base][round] ?? Number.NaN) / value,
      );
    return {
      measure,
      unit,
      median: Object.fromEntries(contenders.map((contender) => [contender, Math.round(median(values[contender]))])),
      speedAgainstNone: { median: rounded(median(against('none'))), min: rounded(Math.min(...against('none'))) },
      speedAgainstExtension: {
        median: rounded(median(against('extension'))),
        min: rounded(Math.min(...against('extension'))),
      },
    };
  });
  mkdirSync('bench/results', { recursive: true });
  writeFileSync('bench/results/capture.json', `${JSON.stringify({ rounds, seconds, rows }, undefined, 2)}\n`);
  console.log(
    rows
      .map(
        (row) =>
          `${row.measure.padEnd(44)} ${contenders.map((contender) => `${contender} ${row.median[contender]} ${row.unit}`.padEnd(24)).join(' ')} ` +
          `against the extension: median ${row.speedAgainstExtension.median}, min ${row.speedAgainstExtension.min}`,
      )
      .join('\n'),
  );
}

function rounded(value: number): number {
  return Math.round(value * 100) / 100;
}
