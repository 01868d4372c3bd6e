import { expect, test } from 'vitest';
import { describeProblem, problemJson, problemText } from '../../../src/render/describe-problem.ts';
import { paintWith } from '../../../src/render/paint.ts';
import { sampleProblems } from '../../support/sample-problems.ts';

const { problem } = sampleProblems.provider_unknown;

test('a problem with a place leads with it, and its hint stands below the text', () => {
  expect(problemText(problem, paintWith(false)).split('\n')).toEqual([
    'trunkline.yaml:9:40  node leaf1 reads from rooot1, which queue shop does not have.',
    '                     Did you mean root1? Its nodes are root1 and leaf1.',
  ]);
});

test('a warning says so in words, not by colour alone', () => {
  expect(problemText(problem, paintWith(false), 'warning')).toContain(':9:40  warning: node leaf1');
  expect(problemText(sampleProblems.node_unreachable.problem, paintWith(false), 'warning')).toMatch(/^warning {2}node/);
});

test('lines of foreign text are indented with the rest', () => {
  const lines = problemText(sampleProblems.columns_differ.problem, paintWith(false)).split('\n');
  expect(lines.length).toBe(6);
  for (const line of lines.slice(1)) expect(line).toMatch(/^ {21}\S/);
});

test('as JSON a problem has its code, text and place', () => {
  expect(problemJson({ ...problem, at: { ...problem.at, path: 'queues.shop' } })).toEqual({
    code: 'provider_unknown',
    message: 'node leaf1 reads from rooot1, which queue shop does not have.',
    hint: 'Did you mean root1? Its nodes are root1 and leaf1.',
    file: 'trunkline.yaml',
    line: 9,
    column: 40,
    path: 'queues.shop',
  });
  expect(problemJson(sampleProblems.not_confirmed.problem)).toMatchObject({ file: null, line: null, path: null });
});

test.for(Object.values(sampleProblems))('$problem.code ends its sentence', ({ problem: sample }) => {
  const { summary } = describeProblem(sample);
  expect(summary).toMatch(/[.:?!]$|\n/);
});
