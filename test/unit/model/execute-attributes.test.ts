import { expect, test } from 'vitest';
import {
  decideExecute,
  executeKeys,
  readExecuteHeader,
  readExecuteNeeds,
  replaceTags,
} from '../../../src/model/execute-attributes.ts';

test('attributes are read as Londiste writes them', () => {
  expect(readExecuteNeeds('')).toEqual([]);
  expect(readExecuteNeeds('local-table=foo%2c+app.bar&need-function=f%2cg(2)&need-schema=app')).toEqual([
    { kind: 'local-table', written: 'foo', name: 'public.foo' },
    { kind: 'local-table', written: 'app.bar', name: 'app.bar' },
    { kind: 'need-function', written: 'f', name: 'public.f(0)' },
    { kind: 'need-function', written: 'g(2)', name: 'public.g(2)' },
    { kind: 'need-schema', written: 'app', name: 'app' },
  ]);
  expect(readExecuteNeeds('need-index=i')).toBeUndefined();
  expect(readExecuteNeeds('%')).toBeUndefined();
});

test('a file runs where all it names is there, nowhere in part', () => {
  expect(decideExecute([])).toBe('run');
  expect(decideExecute([true, true])).toBe('run');
  expect(decideExecute([false, false])).toBe('skip');
  expect(decideExecute([true, false])).toBe('conflict');
});

test('tags become the names of this node, whatever is in them', () => {
  expect(
    replaceTags('alter table @foo@ add c int; comment on table @foo@ is $$@bar@$$', new Map([['foo', '"o$&"."x"']])),
  ).toBe('alter table "o$&"."x" add c int; comment on table "o$&"."x" is $$@bar@$$');
});

test('the lines at the head of a file are its attributes', () => {
  const read = (text: string) => readExecuteHeader(text);
  expect(read('alter table a add b int;')).toEqual({ kind: 'read', attributes: '' });
  const text =
    '-- adds a column\n\n--*-- Local-Table: foo, app.bar,\n--*--   baz\n--*-- need-schema: app\nselect 1;\n--*-- No: more';
  expect(read(text)).toEqual({ kind: 'read', attributes: 'local-table=foo%2capp.bar%2cbaz&need-schema=app' });
  expect(read('\n--*-- Local-Tabel: foo')).toEqual({ kind: 'unknown_key', key: 'Local-Tabel', line: 2 });
  expect(executeKeys).toContain('Local-Destination');
});
