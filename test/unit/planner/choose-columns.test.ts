import { expect, test } from 'vitest';
import { wholeTable } from '../../../src/model/table.ts';
import { chooseColumns } from '../../../src/planner/create/choose-columns.ts';
import { blueprintsFromYaml } from '../../support/blueprints-yaml.ts';
import { databaseName, tableName } from '../../support/builders.ts';

const [orders] =
  blueprintsFromYaml(`
definitions:
  src:
    tables:
      app.orders:
        columns:
          id: bigint!
          note: text
          email: text
          short: { type: text, generated: s, default: "left(note, 5)" }
          wide: { type: text, generated: v, default: "(note || '!')" }
        constraints:
          orders_pkey: { sql: "PRIMARY KEY (id) INCLUDE (note)", columns: [id] }
          orders_note_key: { sql: UNIQUE (note), kind: u, columns: [note] }
          has_at: { sql: "CHECK ((email ~~ '%@%'))", columns: [email] }
        indexes:
          by_email: { sql: USING btree (email), columns: [email] }
          by_all: { sql: "USING btree (note, email)", columns: [note, email], unique: true }
        sequences: { app.orders_note_seq: { column: note } }
        policies:
          - { name: mine, permissive: true, command: ALL, roles: [], using: "(note = CURRENT_USER)" }
          - { name: all_of_it, permissive: true, command: SELECT, roles: [], using: "(id > 0)" }
        calls: [{ part: the default of short, name: left, builtIn: true }, { part: policy mine, name: app.f(), builtIn: false }]
sites: {}
`).definitions.get(databaseName('src'))?.tables ?? [];

const whole = wholeTable(tableName('app.orders'));

test('a column that a node leaves out takes its indexes, constraints and sequence with it', () => {
  if (orders === undefined) throw new Error('the definition is missing');
  const { table, left } = chooseColumns(orders, { ...whole, columns: { kind: 'exclude', names: ['note'] } });
  expect(table.columns.map(({ name, generated }) => `${name} ${generated ?? ''}`)).toEqual(['id ', 'email ', 'short ']);
  expect(table.constraints[0]?.sql).toBe('PRIMARY KEY (id)');
  expect([...table.constraints, ...table.indexes].map(({ name }) => name)).toEqual([
    'orders_pkey',
    'has_at',
    'by_email',
  ]);
  expect(table.sequences).toEqual([]);
  expect(table.policies.map(({ name }) => name)).toEqual(['all_of_it']);
  expect(table.calls).toEqual([]);
  expect(left).toEqual([
    'column wide: column note is not held there',
    'constraint orders_note_key: column note is not held there',
    'index by_all: column note is not held there',
    'policy mine: column note is not held there',
  ]);
});

test('a masked column keeps what only finds rows, and loses what restricts them', () => {
  if (orders === undefined) throw new Error('the definition is missing');
  const mask = [{ column: 'email', expression: "'hidden'" }];
  const { table } = chooseColumns(orders, { ...whole, mask });
  expect([...table.constraints, ...table.indexes].map(({ name }) => name)).toEqual([
    'orders_pkey',
    'orders_note_key',
    'by_email',
  ]);
});

test('what an obfuscation skips is left out, and what it hashes is masked', () => {
  if (orders === undefined) throw new Error('the definition is missing');
  const rules = [{ column: 'note', rule: 'skip' } as const, { column: 'email', rule: 'hash' } as const];
  const { table } = chooseColumns(orders, { ...whole, handler: { kind: 'obfuscate', rules } });
  expect(table.columns.map(({ name }) => name)).toEqual(['id', 'email', 'short']);
  expect(table.constraints.map(({ name }) => name)).toEqual(['orders_pkey']);
});
