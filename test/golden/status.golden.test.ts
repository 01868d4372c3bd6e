import { readFileSync } from 'node:fs';
import { stripVTControlCharacters } from 'node:util';
import { Ajv } from 'ajv';
import { expect, test } from 'vitest';
import { repairScript } from '../../src/catalog/repair-script.ts';
import type {
  ComparedNode,
  ComparedTable,
  Comparison,
  DifferentRow,
  Repaired,
  TableVerdict,
} from '../../src/model/comparison.ts';
import {
  databaseName,
  location,
  nodeName,
  queueName,
  rowFilter,
  sequenceName,
  tableName,
} from '../../src/model/names.ts';
import type { CascadeStatus, NodeStatus, TableRenaming } from '../../src/model/status.ts';
import { compareJson } from '../../src/render/compare-json.ts';
import { compareText } from '../../src/render/compare-text.ts';
import { paintWith } from '../../src/render/paint.ts';
import { repairJson, repairText } from '../../src/render/repair-text.ts';
import { statusJson } from '../../src/render/status-json.ts';
import { statusText } from '../../src/render/status-text.ts';
import { type CascadeRates, topLines } from '../../src/render/top-text.ts';
import { judgeNode } from '../../src/replay/health.ts';
import {
  aCascade,
  aNodeStatus,
  anActivity,
  aPresentNode,
  aRootStatus,
  aSubscription,
  aTableStatus,
} from '../support/status-builders.ts';

const plain = paintWith(false);

/** With the findings that these facts give. */
function judged(node: NodeStatus, renamings: readonly TableRenaming[] = []): NodeStatus {
  const { role, reading, subscription } = node;
  const provider = role === 'leaf' ? anActivity() : undefined;
  return { ...node, ...judgeNode({ role, reading, subscription, provider, renamings }) };
}

const halfWay = (name: string, left: TableRenaming['left']): TableRenaming => ({
  table: tableName(`app.${name}`),
  from: tableName(`app.old_${name}`),
  left,
});

const copying = aTableStatus('app.orders', {
  target: tableName('sales.orders'),
  sync: { kind: 'in_copy' },
  copy: { phase: 'copying', rowsDone: 12_000n, rowsTotal: 200_000n, bytesDone: 3_565_158n, sinceReportMs: 200 },
});

const cascades: Readonly<Record<string, CascadeStatus>> = {
  'all-ok': aCascade(judged(aRootStatus()), judged(aNodeStatus('dst1')), judged(aNodeStatus('dst2'))),
  'tables-half-renamed': aCascade(
    judged(aRootStatus(), [
      halfWay('orders', [
        { node: nodeName('dst1'), ticks: 0n },
        { node: nodeName('dst2'), ticks: 1n },
        { node: nodeName('dst3'), ticks: undefined },
      ]),
      halfWay('parts', []),
    ]),
    judged(aNodeStatus('dst1')),
  ),
  troubled: aCascade(
    judged(
      aRootStatus({
        reading: aPresentNode({
          type: 'root',
          worker: 'src.worker',
          heartbeat: { state: 'root', host: 'box', pid: 12, ageMs: 200 },
          queue: anActivity({
            sinceTickMs: 95_000,
            eventsWaiting: 1_234n,
            sinceRotationMs: 90_000_000,
            bytes: 7_516_192_768n,
            oldest: { consumer: 'gone.worker', tick: 3n, lagMs: 90_000_000 },
          }),
          tables: [
            aTableStatus('app.orders', { watched: ['truncate'], disabledTriggers: ['_londiste_replika'] }),
            aTableStatus('app.invoices', {
              watched: [],
              disabledTriggers: ['_londiste_replika', '_londiste_replika_update'],
            }),
            aTableStatus('app.parts', { watched: ['insert', 'update', 'delete'] }),
          ],
        }),
      }),
    ),
    judged(
      aNodeStatus('dst1', {
        reading: aPresentNode({
          tick: 98n,
          error: 'permission denied for table orders\nand more of it',
          skipped: { count: 3, more: false, lastDay: 2, newest: '2026-01-02T03:04:05.678Z', ageMs: 300_000 },
          conflicts: { count: 10_000, more: true, lastDay: 120, newest: '2026-01-02T03:04:05.678Z', ageMs: 2_000 },
          olderSql: [{ name: 'pgq', from: '3.5+5', to: '3.5+7' }],
          heartbeat: { state: 'failing', host: 'box', pid: 4711, ageMs: 300 },
          tables: [copying, aTableStatus('app.parts'), aTableStatus('app.lost', { exists: false, watched: [] })],
        }),
        subscription: aSubscription({ tick: 98n, lagMs: 754_000, ticksBehind: 22n, eventsBehind: 56_000n }),
      }),
    ),
    judged(
      aNodeStatus('dst2', {
        reading: {
          kind: 'unreachable',
          problem: {
            code: 'database_unreachable',
            database: databaseName('dst2'),
            reason: 'refused',
            detail: 'connect ECONNREFUSED 127.0.0.1:5432',
          },
        },
        subscription: aSubscription({ lagMs: 45_000, ticksBehind: 45n, eventsBehind: 1n }),
      }),
    ),
    judged(aNodeStatus('dst3', { reading: { kind: 'not_set_up' }, subscription: 'none' })),
    judged(
      aNodeStatus('dst4', {
        reading: aPresentNode({
          paused: true,
          // The newest was longer ago than a day: on record, and no news.
          skipped: { count: 1, more: false, lastDay: 0, newest: '2026-01-02T03:04:05.678Z', ageMs: 90_000_000 },
          heartbeat: { state: 'stopped', host: 'box', pid: 9, ageMs: 7_500_000 },
          tables: Array.from({ length: 12 }, (_, index) =>
            aTableStatus(`app.t${index}`, { sync: { kind: 'missing' } }),
          ),
        }),
      }),
    ),
  ),
};

const validate = new Ajv({ strict: true, allowUnionTypes: true });
const statusSchema = validate.compile(JSON.parse(readFileSync('schemas/status.schema.json', 'utf8')) as object);
const repairSchema = validate.compile(JSON.parse(readFileSync('schemas/repair.schema.json', 'utf8')) as object);
const compareSchema = validate.compile(JSON.parse(readFileSync('schemas/compare.schema.json', 'utf8')) as object);

test.for(Object.entries(cascades))('status, %s', async ([name, cascade]) => {
  await expect(`${statusText(cascade, plain)}\n`).toMatchFileSnapshot(`status/${name}.txt`);
  const document = statusJson(cascade);
  await expect(`${JSON.stringify(document, null, 2)}\n`).toMatchFileSnapshot(`status/${name}.json`);
  statusSchema(JSON.parse(JSON.stringify(document)));
  expect(statusSchema.errors).toBeNull();
});

const rates: CascadeRates = {
  node: (_, node) =>
    node === 'dst3' ? { changes: undefined, bytes: undefined } : { changes: 1_234.5, bytes: 222_210 },
  copy: () => 3_000,
};

test.for([
  ['all-ok', 120, 40],
  ['troubled', 120, 40],
  ['troubled', 60, 12],
] as const)('top, %s on %d columns and %d lines', async ([name, width, height]) => {
  const screen = { width, height, time: '12:00:00', everyMs: 2_000 };
  const lines = topLines(cascades[name] as CascadeStatus, rates, screen, plain);
  expect(lines.length).toBeLessThanOrEqual(height);
  for (const line of lines) expect(line.length).toBeLessThanOrEqual(width);
  await expect(`${lines.map((line) => line.trimEnd()).join('\n')}\n`).toMatchFileSnapshot(
    `status/top-${name}-${width}.txt`,
  );
  // Colours take no room.
  const painted = topLines(cascades[name] as CascadeStatus, rates, screen, paintWith(true));
  expect(painted.map((line) => stripVTControlCharacters(line))).toEqual(lines);
});

const sum = (rows: bigint, checksum = '8f3ebbcc12345678') => ({ rows, checksum });

const aComparedTable = (name: string, change: Partial<ComparedTable> = {}): ComparedTable => ({
  table: tableName(name),
  target: tableName(name),
  where: undefined,
  verdict: { kind: 'equal', provider: sum(200_000n), subscriber: sum(200_000n) },
  onlyOnProvider: [],
  onlyOnSubscriber: [],
  generated: [],
  oneSnapshot: undefined,
  ...change,
});

const aComparedNode = (change: Partial<ComparedNode> = {}): ComparedNode => ({
  queue: queueName('replika'),
  node: nodeName('dst1'),
  provider: nodeName('src'),
  firstTick: 4_711n,
  tick: 4_711n,
  workerError: undefined,
  tables: [aComparedTable('app.user_info'), aComparedTable('app.user_session')],
  sequences: [{ sequence: sequenceName('app.user_info_id_seq'), provider: 120n, subscriber: 30_120n, behind: false }],
  ...change,
});

const comparisons: Readonly<Record<string, Comparison>> = {
  equal: {
    nodes: [
      aComparedNode({
        tables: [
          aComparedTable('app.user_info'),
          aComparedTable('app.user_session'),
          aComparedTable('app.words', { oneSnapshot: { bytes: 91_268_055_040n, heldMs: 1_320_000, tooLong: true } }),
          aComparedTable('app.codes', { oneSnapshot: { bytes: 41_943_040n, heldMs: 900, tooLong: false } }),
        ],
      }),
      aComparedNode({
        node: nodeName('dst2'),
        sequences: [],
        tables: [
          aComparedTable('app.user_info', {
            target: tableName('other.user_info1'),
            where: rowFilter('userid\n  < 1000'),
            verdict: { kind: 'equal', provider: sum(1n), subscriber: sum(1n) },
          }),
        ],
      }),
    ],
    problems: [],
  },
  different: {
    nodes: [
      aComparedNode({
        firstTick: 4_698n,
        workerError: 'no room\nat all',
        tables: [
          aComparedTable('app.changed', {
            verdict: {
              kind: 'different',
              provider: sum(3n),
              subscriber: sum(3n, '0000000000000001'),
              rows: {
                kind: 'found',
                key: ['id', 'name'],
                rows: [
                  { kind: 'missing', key: ['1', 'a b'] },
                  { kind: 'extra', key: ['2', '\u001b[31m\u009bred'] },
                  {
                    kind: 'different',
                    key: ['3', 'c'],
                    columns: [
                      { column: 'note', values: undefined },
                      { column: 'price', values: undefined },
                    ],
                  },
                  {
                    kind: 'different',
                    key: ['4', 'd'],
                    columns: [
                      { column: 'note', values: { provider: 'x'.repeat(100), subscriber: null } },
                      { column: 'price', values: { provider: '0.50', subscriber: '0.5' } },
                    ],
                  },
                ],
                more: true,
              },
            },
          }),
          aComparedTable('app.fewer', {
            where: rowFilter('id > 0'),
            verdict: {
              kind: 'different',
              provider: sum(1_003n),
              subscriber: sum(2n, '0000000000000001'),
              rows: { kind: 'no_key' },
            },
          }),
          aComparedTable('app.more', {
            verdict: {
              kind: 'different',
              provider: sum(3n),
              subscriber: sum(4n, '0000000000000001'),
              rows: { kind: 'not_asked' },
            },
            onlyOnProvider: ['gone'],
            onlyOnSubscriber: ['extra'],
            generated: ['twice'],
          }),
          aComparedTable('app.copying', { verdict: { kind: 'not_in_sync', state: { kind: 'catching_up' } } }),
          aComparedTable('app.waiting', { verdict: { kind: 'not_in_sync', state: { kind: 'missing' } } }),
          aComparedTable('app.sharded', { verdict: { kind: 'foreign_handler' } }),
          aComparedTable('app.dropped', { verdict: { kind: 'missing', side: 'subscriber' } }),
          aComparedTable('app.secret', {
            verdict: { kind: 'unreadable', side: 'provider', detail: 'permission denied for table secret' },
          }),
        ],
        sequences: [
          { sequence: sequenceName('app.a_seq'), provider: 12n, subscriber: 11n, behind: true },
          {
            sequence: sequenceName('app.b_seq'),
            provider: 9_007_199_254_740_993n,
            subscriber: undefined,
            behind: true,
          },
        ],
      }),
    ],
    problems: [{ code: 'node_not_set_up', queue: queueName('replika'), node: nodeName('dst2') }],
  },
  'nothing-to-compare': { nodes: [aComparedNode({ tables: [], sequences: [] })], problems: [] },
};

test.for(Object.entries(comparisons))('compare, %s', async ([name, comparison]) => {
  await expect(`${compareText(comparison, plain)}\n`).toMatchFileSnapshot(`status/compare-${name}.txt`);
  const document = compareJson(comparison);
  await expect(`${JSON.stringify(document, null, 2)}\n`).toMatchFileSnapshot(`status/compare-${name}.json`);
  compareSchema(JSON.parse(JSON.stringify(document)));
  expect(compareSchema.errors).toBeNull();
});

const repairs: Readonly<Record<string, Repaired>> = {
  printed: {
    compared: aComparedNode({
      tables: [
        aComparedTable('app.changed', { verdict: differingIn([{ kind: 'missing', key: ['1'] }], false) }),
        aComparedTable('app.much', { verdict: differingIn([{ kind: 'extra', key: ['1'] }], true) }),
        aComparedTable('app.copying', { verdict: { kind: 'not_in_sync', state: { kind: 'catching_up' } } }),
      ],
    }),
    repair: {
      tables: new Set([tableName('app.changed'), tableName('app.much')]),
      statements: 2,
      script: repairScript({ queue: queueName(`o'dd`), node: nodeName('dst1'), tick: 4_711n }, [
        `insert into "app"."changed" ("id") overriding system value values ('1');`,
        `delete from "app"."much" where "id" = '1';`,
      ]),
    },
    applied: false,
  },
  applied: {
    compared: aComparedNode({
      tables: [aComparedTable('app.changed', { verdict: differingIn([{ kind: 'missing', key: ['1'] }], false) })],
    }),
    repair: { tables: new Set([tableName('app.changed')]), statements: 1, script: '' },
    applied: true,
  },
  'not-needed': {
    compared: aComparedNode(),
    repair: { tables: new Set(), statements: 0, script: '' },
    applied: false,
  },
};

function differingIn(rows: readonly DifferentRow[], more: boolean): TableVerdict {
  return {
    kind: 'different',
    provider: sum(3n),
    subscriber: sum(4n),
    rows: { kind: 'found', key: ['id'], rows, more },
  };
}

test.for(Object.entries(repairs))('repair, %s', async ([name, repaired]) => {
  const document = repairJson(repaired);
  const text = `${repairText(repaired, plain)}\n\n${repaired.repair.script}`;
  await expect(text).toMatchFileSnapshot(`status/repair-${name}.txt`);
  await expect(`${JSON.stringify(document, null, 2)}\n`).toMatchFileSnapshot(`status/repair-${name}.json`);
  repairSchema(JSON.parse(JSON.stringify(document)));
  expect(repairSchema.errors).toBeNull();
});

test('colour changes no word', () => {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: this is what terminals are told
  const bare = (text: string) => text.replaceAll(/\u001B\[\d+m/g, '');
  for (const cascade of Object.values(cascades)) {
    const coloured = statusText(cascade, paintWith(true));
    expect(coloured).not.toBe(statusText(cascade, plain));
    expect(bare(coloured)).toBe(statusText(cascade, plain));
  }
  for (const comparison of Object.values(comparisons)) {
    expect(bare(compareText(comparison, paintWith(true)))).toBe(compareText(comparison, plain));
  }
});

test('a location is shown as it is stored: without a password', () => {
  const node = aNodeStatus('dst1', { location: location('host=db1 dbname=app user=repl') });
  expect(statusText(aCascade(judged(aRootStatus()), node), plain)).toContain('dst1: host=db1 dbname=app user=repl');
});
