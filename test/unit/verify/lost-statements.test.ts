import { expect, test } from 'vitest';
import { lostStatement } from '../../../src/verify/lost-statements.ts';
import { tableName } from '../../support/builders.ts';

const column = (name: string, unchangeable: boolean) => ({
  name,
  type: 'integer',
  fullType: 'integer',
  builtIn: true,
  manyTexts: false,
  intervals: false,
  equals: '=',
  generated: false,
  unchangeable,
});

test('an update of a column that is generated always as identity takes the row away and puts it back', () => {
  const table = tableName('public.t');
  const target = {
    name: table,
    partitioned: false,
    columns: [column('id', true), column('nr', true), column('n', false), column('own', false)],
    key: ['id'],
    ordered: false,
    referenced: false,
    references: [],
    misfiring: [],
  };
  const values = new Map([
    ['id', '1'],
    ['nr', '2'],
    ['n', '3'],
  ]);
  const change = { kind: 'row', op: 'U', key: ['id'], values, before: undefined } as const;
  const text = lostStatement({ id: 1n, time: '', txid: 1n, table, change } as never, target);
  expect(text.split('\n')).toEqual([
    `with gone as (delete from only "public"."t" where "id" = '1' and ("nr" is distinct from '2') returning *) ` +
      `insert into "public"."t" ("id", "nr", "n", "own") overriding system value select gone."id", '2', gone."n", gone."own" from gone;`,
    `update only "public"."t" set "n" = '3' where "id" = '1';`,
  ]);
});
