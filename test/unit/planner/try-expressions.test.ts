import { expect, test } from 'vitest';
import type { Expression } from '../../../src/model/expression.ts';
import { databaseName, queueName, tableName } from '../../../src/model/names.ts';
import type { Plan } from '../../../src/model/plan.ts';
import { addFaults } from '../../../src/planner/try-expressions.ts';

const expression: Expression = {
  node: undefined,
  row: [],
  at: { file: 'trunkline.yaml', line: 1, column: 1, path: 'queues' },
  queue: queueName('shop'),
  database: databaseName('src'),
  table: tableName('app.users'),
  partitioned: false,
  key: 'where',
  text: 'region = 1',
  kind: 'condition',
};
const faults = [{ expression, detail: 'column "region" does not exist', sqlstate: '42703' }];
const plan = (queue: string) => ({ steps: [{ kind: 'execute_file', queue }], warnings: [] }) as unknown as Plan;

test('what a pending SQL file of the same queue may bring is only warned of', () => {
  const after = addFaults(plan('shop'), faults);
  expect(after.problems).toEqual([]);
  expect(after.plan.warnings).toMatchObject([{ code: 'expression_fails', key: 'where' }]);
  expect(addFaults(plan('other'), faults).problems).toMatchObject([{ code: 'expression_fails' }]);
});
