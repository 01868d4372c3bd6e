import { readFileSync } from 'node:fs';
import { convertWorkflowTemplate, NoOperationTraceWriter, parseWorkflow } from '@actions/workflow-parser';
import { Ajv } from 'ajv';
// @ts-expect-error It comes without types.
import { schema } from 'gitlab-ci-local/src/schema/schema.js';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';

// What GitHub's own parser and GitLab's own schema say of the files in examples/ci.

/** What is spoilt, its right text, and a wrong one. */
type Spoilt = readonly [what: string, right: string, wrong: string];

const workflow = readFileSync('examples/ci/.github/workflows/trunkline.yaml', 'utf8');
const pipeline = readFileSync('examples/ci/.gitlab-ci.yml', 'utf8');

async function githubSays(content: string): Promise<readonly string[]> {
  const { context, value } = parseWorkflow({ name: 'trunkline.yaml', content }, new NoOperationTraceWriter());
  if (value !== undefined) await convertWorkflowTemplate(context, value);
  return context.errors.getErrors().map(({ message }) => message);
}

const checkPipeline = new Ajv({ strict: false, allErrors: true, validateFormats: false }).compile(schema);

function gitlabSays(content: string): readonly string[] {
  checkPipeline(parse(content));
  return (checkPipeline.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
}

describe('GitHub', () => {
  test('takes the workflow', async () => {
    expect(await githubSays(workflow)).toEqual([]);
  });

  test.each<Spoilt>([
    ['key of a job', 'runs-on:', 'runs-in:'],
    ['step that does nothing', 'uses: actions/checkout@v4', 'name: nothing'],
    ['name in an expression', "github.event_name == 'push'", "githup.event_name == 'push'"],
    ['time', '17 3 * * *', '77 3 * * *'],
    ['permission', 'contents: read', 'contents: look'],
    ['event', 'pull_request:', 'pull_requests:'],
  ])('refuses a wrong %s', async (_, right, wrong) => {
    expect(await githubSays(workflow.replace(right, wrong))).not.toEqual([]);
  });
});

describe('GitLab', () => {
  test('takes the pipeline', () => {
    expect(gitlabSays(pipeline)).toEqual([]);
  });

  test.each<Spoilt>([
    ['key of a job', 'resource_group:', 'resource_groups:'],
    ['report', 'terraform:', 'teraform:'],
    ['rule', '- if: $CI_PIPELINE_SOURCE == "schedule"', '- iff: $CI_PIPELINE_SOURCE == "schedule"'],
    ['job without a script', 'script:', 'description:'],
    ['key of the defaults', 'before_script:', 'beforescript:'],
  ])('refuses a wrong %s', (_, right, wrong) => {
    expect(gitlabSays(pipeline.replace(right, wrong))).not.toEqual([]);
  });
});
