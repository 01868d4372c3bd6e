import { expect, test } from 'vitest';
import { approvals } from '../../../src/cli/approvals.ts';
import type { Step } from '../../../src/model/step.ts';

test('a plan is approved by a word, and a node goes by its name alone', () => {
  expect(approvals({ steps: [] }).map(({ word }) => word)).toEqual(['yes']);
  const drop = { kind: 'drop_node', queue: 'replika', node: 'dst1' } as unknown as Step;
  expect(approvals({ steps: [drop] })).toMatchObject([
    { word: 'yes' },
    { word: 'dst1', question: 'Node dst1 is taken out of queue replika. Type its name to go on: ' },
  ]);
});
