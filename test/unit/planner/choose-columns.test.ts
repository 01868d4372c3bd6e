import { expect, test } from 'vitest';
import { chooseColumns } from '../../../src/planner/create/choose-columns.ts';
import { blueprintsFromYaml } from '../../support/blueprints-yaml.ts';
import { databaseName } from '../../support/builders.ts';

const [orders] =
  blueprintsFromYaml(`
definitions:
  src:
    tables:
      app.orders:
        columns: { id: bigint!, note: text, email: text }
        constraints:
          orders_pkey: { sql: PRIMARY KEY (id), columns: [id] }
          orders_note_key: { sql: UNIQUE (note), kind: u, columns: [note] }
          has_at: { sql: "CHECK ((email ~~ '%@%'))", columns: [email] }
        indexes:
          by_email: { sql: USING btree (email), columns: [email] }
          by_all: { sql: "USING btree (note, email)", columns: [note, email], unique: true }
        sequences: { app.orders_note_seq: { column: note } }
sites: {}
`).definitions.get(databaseName('src'))?.tables ?? [];

test('a column that a node leaves out takes its indexes, constraints and sequence with it', () => {
  if (orders === undefined) throw new Error('the definition is missing');
  const { table, left } = chooseColumns(orders, { columns: { kind: 'exclude', names: ['note'] }, mask: [] });
  expect(table.columns.map(({ name }) => name)).toEqual(['id', 'email']);
  expect([...table.constraints, ...table.indexes].map(({ name }) => name)).toEqual([
    'orders_pkey',
    'has_at',
    'by_email',
  ]);
  expect(table.sequences).toEqual([]);
  expect(left).toEqual([
    'constraint orders_note_key: column note is not held there',
    'index by_all: column note is not held there',
  ]);
});

test('a masked column keeps what only finds rows, and loses what restricts them', () => {
  if (orders === undefined) throw new Error('the definition is missing');
  const mask = [{ column: 'email', expression: "'hidden'" }];
  const { table } = chooseColumns(orders, { columns: undefined, mask });
  expect([...table.constraints, ...table.indexes].map(({ name }) => name)).toEqual([
    'orders_pkey',
    'orders_note_key',
    'by_email',
  ]);
});
