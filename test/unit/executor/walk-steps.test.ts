import { expect, test } from 'vitest';
import { type StepOutcome, walkSteps } from '../../../src/executor/walk-steps.ts';
import { type DatabaseName, databaseName, nodeName, queueName, tableName } from '../../../src/model/names.ts';
import type { CreateLeaf, RemoveTable, Step } from '../../../src/model/step.ts';

const queue = queueName('q');

function step(id: string, database: string, dependsOn: readonly string[] = []): RemoveTable {
  const table = tableName(id);
  return {
    id,
    kind: 'remove_table',
    database: databaseName(database),
    queue,
    node: nodeName(database),
    table,
    destination: table,
    role: 'leaf',
    hazards: [],
    dependsOn,
  };
}

function leafStep(id: string, database: string, root: string): CreateLeaf {
  const rootDatabase: DatabaseName = databaseName(root);
  return {
    ...step(id, database),
    kind: 'create_leaf',
    worker: 'w',
    location: 'l' as CreateLeaf['location'],
    provider: nodeName(root),
    providerDatabase: rootDatabase,
    rootDatabase,
    existing: false,
    mergesInto: undefined,
  };
}

/** Runs with outcomes by id, and tells who ran beside whom. */
async function walk(steps: readonly Step[], outcomes: Readonly<Record<string, StepOutcome>> = {}, stopAfter?: string) {
  const running = new Set<string>();
  const together: string[][] = [];
  const order: string[] = [];
  const skipped: string[] = [];
  let stopped = false;
  const walked = await walkSteps(
    steps,
    async (one) => {
      running.add(one.id);
      order.push(one.id);
      together.push([...running].sort());
      await new Promise((resolve) => setTimeout(resolve, 1));
      running.delete(one.id);
      if (one.id === stopAfter) stopped = true;
      return outcomes[one.id] ?? { kind: 'done' };
    },
    { stopped: () => stopped, onSkip: (one, because) => skipped.push(`${one.id} for ${because.id}`) },
  );
  return { walked, together, order, skipped };
}

test('databases go side by side, the steps of one after each other', async () => {
  const { together, order } = await walk([step('a1', 'a'), step('b1', 'b'), step('a2', 'a'), step('b2', 'b')]);
  expect(together).toContainEqual(['a1', 'b1']);
  expect(together.every((names) => new Set(names.map((name) => name[0])).size === names.length)).toBe(true);
  expect(order.filter((id) => id.startsWith('a'))).toEqual(['a1', 'a2']);
});

test('a step waits for what it depends on, on another database too', async () => {
  const { order, together } = await walk([step('a1', 'a'), step('b1', 'b', ['a1']), step('c1', 'c', ['b1'])]);
  expect(order).toEqual(['a1', 'b1', 'c1']);
  expect(together.every((names) => names.length === 1)).toBe(true);
});

test('a step that touches several databases has all of them to itself', async () => {
  const { together } = await walk([leafStep('b1', 'b', 'a'), step('a1', 'a'), leafStep('c1', 'c', 'a')]);
  expect(together.every((names) => names.length === 1)).toBe(true);
});

test('what a failed step was needed for is skipped, the rest is done', async () => {
  const { walked, skipped } = await walk(
    [step('a1', 'a'), step('b1', 'b', ['a1']), step('b2', 'b', ['b1']), step('c1', 'c'), step('a2', 'a')],
    { a1: { kind: 'failed', detail: 'no' } },
  );
  expect(walked.done.map(({ id }) => id).sort()).toEqual(['a2', 'c1']);
  expect(walked.failed).toMatchObject([{ step: { id: 'a1' }, detail: 'no' }]);
  expect(skipped).toEqual(['b1 for a1', 'b2 for a1']);
  expect(walked.left).toEqual([]);
});

test('a call to stop lets the step in hand end and begins no other', async () => {
  const { walked, order } = await walk([step('a1', 'a'), step('a2', 'a'), step('b1', 'b', ['a1'])], {}, 'a1');
  expect(order).toEqual(['a1']);
  expect(walked.done.map(({ id }) => id)).toEqual(['a1']);
  expect(walked.left.map(({ id }) => id).sort()).toEqual(['a2', 'b1']);
});
