import { join } from 'node:path';
import { expect, test } from 'vitest';
import { exitCodeOf } from '../../src/cli/base-command.ts';
import { problemJson, problemText } from '../../src/render/describe-problem.ts';
import { paintWith } from '../../src/render/paint.ts';
import { sampleProblems } from '../support/sample-problems.ts';
import { schemaErrors } from '../support/schemas.ts';

const samples = Object.entries(sampleProblems);

test('the page of problems shows each of them', async () => {
  const sections = samples.map(([code, { meaning, problem, severity }]) => {
    const exit = exitCodeOf([problem]);
    const status = exit === 1 ? '' : ` Exit status ${exit}.`;
    return `## \`${code}\`\n\n${meaning}${status}\n\n\`\`\`text\n${problemText(problem, paintWith(false), severity)}\n\`\`\`\n`;
  });
  const page = [
    '<!-- Written by `npm run golden` from test/support/sample-problems.ts. Do not edit. -->\n',
    '# Problems\n',
    'Every problem that Trunkline reports has a code. With `--json` it is in `problems[].code`, and stays the same from release to release; the sentences may change. Each is shown here as a terminal would show it: where, what is so, what to do. Unless said otherwise the exit status is 1; a plan that only has warnings and drift to tell goes on.\n',
    ...sections,
  ].join('\n');
  await expect(page).toMatchFileSnapshot(join(process.cwd(), 'docs/reference/problems.md'));
});

test.for(samples)('%s is told in whole sentences', ([, { problem }]) => {
  const text = problemText(problem, paintWith(false));
  expect(text).not.toMatch(/undefined|\[object|NaN|\.\.(?!\.)/);
  for (const line of text.split('\n')) expect(line).toBe(line.trimEnd());
});

test('programs get each of them as the schema says', () => {
  expect(schemaErrors('problems', { problems: samples.map(([, { problem }]) => problemJson(problem)) })).toEqual([]);
});
