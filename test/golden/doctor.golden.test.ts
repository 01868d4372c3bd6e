import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import { expect, test } from 'vitest';
import type { Ailment, DatabaseCheckup, Diagnosis, Examined } from '../../src/model/checkup.ts';
import type { NodeRole } from '../../src/model/topology.ts';
import { doctorJson, doctorText } from '../../src/render/doctor-text.ts';
import { paintWith } from '../../src/render/paint.ts';
import { judgeDatabase } from '../../src/replay/checkup.ts';
import { aLiveDatabase, aLiveNode, databaseName, nodeName, queueName, tableName } from '../support/builders.ts';
import { sampleProblems } from '../support/sample-problems.ts';

const healthy: DatabaseCheckup = {
  inRecovery: false,
  settings: {
    default_transaction_read_only: 'off',
    max_connections: '100',
    max_locks_per_transaction: '64',
    max_prepared_transactions: '0',
    statement_timeout: '0',
  },
  connections: [{ of: 'server', limit: 100, taken: 13 }],
  writesOtherwise: [],
  direct: true,
  transactions: [],
  prepared: [],
  mayCreate: true,
  isWriter: true,
  tables: 12,
  notOwned: [],
  misfiring: [],
  children: [],
  outdated: [],
};

const orders = tableName('app.orders');
const troubled: DatabaseCheckup = {
  inRecovery: false,
  settings: { ...healthy.settings, idle_session_timeout: '300000', statement_timeout: '60000' },
  connections: [
    { of: 'server', limit: 100, taken: 95 },
    { of: 'role', limit: 12, taken: 0 },
    { of: 'database', limit: 30, taken: 31 },
  ],
  writesOtherwise: [],
  direct: false,
  transactions: [{ pid: 4711, user: 'anna', application: 'psql', database: 'shop', ageMs: 7_500_000 }],
  prepared: [{ gid: 'order-17', owner: 'app', database: 'shop', ageMs: 90_000_000 }],
  mayCreate: false,
  isWriter: false,
  tables: 5000,
  notOwned: ['a', 'b', 'c', 'd', 'e', 'f'].map((name) => tableName(`app.${name}`)),
  misfiring: [orders],
  children: [tableName('app.visits_2024')],
  outdated: [orders, tableName('app.items')],
};

const bare = aLiveDatabase({ superuser: false });
const older = aLiveDatabase({
  superuser: false,
  canReplicate: false,
  user: 'repl',
  serverVersion: 150_004,
  schemas: new Map([
    ['pgq', { source: 'bundled', version: '3.5+1' }],
    ['pgq_node', { source: 'bundled', version: '99' }],
  ]),
});

const all = (sessions: number) => ({ server: sessions, role: sessions, database: sessions });

const ailments: Readonly<Record<string, readonly Ailment[]>> = {
  src: judgeDatabase(older, troubled, { sessions: all(11) }),
  bare: judgeDatabase(bare, { ...healthy, mayCreate: false }, { sessions: all(5) }),
  standby: judgeDatabase(aLiveDatabase(), { ...healthy, inRecovery: true }, { sessions: all(5) }),
  original: judgeDatabase(
    aLiveDatabase({
      schemas: new Map([['pgq', { source: 'extension', version: '3.5' }]]),
      queues: new Map([[queueName('replika'), aLiveNode({ type: 'root' })]]),
    }),
    { ...healthy, writesOtherwise: ['DateStyle=German, DMY of role app', 'extra_float_digits=0'] },
    { sessions: all(5) },
  ),
  archive: judgeDatabase(
    aLiveDatabase(),
    { ...healthy, settings: { ...healthy.settings, default_transaction_read_only: 'on' } },
    { sessions: all(5) },
  ),
};

const nodes = (...names: readonly (readonly [string, NodeRole])[]): Examined['nodes'] =>
  names.map(([node, role]) => ({ queue: queueName('replika'), node: nodeName(node), role }));

const cases: Readonly<Record<string, Diagnosis>> = {
  'nothing-found': {
    databases: [
      {
        database: databaseName('src'),
        nodes: nodes(['src', 'root']),
        moved: false,
        seen: { ...aLiveDatabase(), sql: 'bundled', direct: true },
      },
    ],
    complaints: judgeDatabase(aLiveDatabase(), healthy, { sessions: all(11) }).map((ailment) => ({
      of: 'database',
      database: databaseName('src'),
      ailment,
    })),
  },
  troubled: {
    databases: [
      {
        database: databaseName('src'),
        nodes: nodes(['src', 'root'], ['mid', 'branch']),
        moved: false,
        seen: { ...older, sql: 'bundled', direct: false },
      },
      {
        database: databaseName('bare'),
        nodes: nodes(['dst', 'leaf']),
        moved: false,
        seen: { ...bare, sql: undefined, direct: undefined },
      },
      { database: databaseName('gone'), nodes: nodes(['far', 'leaf']), moved: false, seen: undefined },
      { database: databaseName('copy'), nodes: [], moved: true, seen: undefined },
    ],
    complaints: [
      ...Object.entries(ailments).flatMap(([database, found]) =>
        found.map((ailment) => ({ of: 'database', database: databaseName(database), ailment }) as const),
      ),
      {
        of: 'node',
        database: databaseName('src'),
        queue: queueName('replika'),
        node: nodeName('src'),
        finding: { code: 'ticker_silent', severity: 'error', sinceMs: 600_000, eventsWaiting: 0n },
      },
      {
        of: 'node',
        database: databaseName('src'),
        queue: queueName('replika'),
        node: nodeName('src'),
        finding: {
          code: 'rotation_stuck',
          severity: 'warn',
          sinceMs: 90_000_000,
          periodMs: 7_200_000,
          bytes: 7_516_192_768n,
          consumer: 'gone.worker',
          tick: 3n,
          heldBy: undefined,
        },
      },
      {
        of: 'plan',
        severity: 'error',
        problem: sampleProblems.database_moved.problem,
      },
      {
        of: 'plan',
        severity: 'error',
        problem: {
          code: 'database_unreachable',
          database: databaseName('gone'),
          reason: 'refused',
          detail: 'connect ECONNREFUSED 127.0.0.1:5432',
        },
      },
    ],
  },
};

const validate = new Ajv({ allErrors: true, strict: false }).compile(
  JSON.parse(readFileSync('schemas/doctor.schema.json', 'utf8')) as object,
);

test.for(Object.entries(cases))('%s', async ([name, diagnosis]) => {
  const document = doctorJson(diagnosis);
  expect(validate(document) ? [] : validate.errors).toEqual([]);
  await expect(`${doctorText(diagnosis, paintWith(false))}\n`).toMatchFileSnapshot(`doctor/${name}.txt`);
  await expect(`${JSON.stringify(document, null, 2)}\n`).toMatchFileSnapshot(`doctor/${name}.json`);
});
