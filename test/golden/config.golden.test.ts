import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { load } from '../../src/config/load.ts';
import { documentOf } from '../../src/config/write-document.ts';
import { ToolError } from '../../src/model/problem.ts';
import { problemsText } from '../../src/render/describe-problem.ts';
import { paintWith } from '../../src/render/paint.ts';
import { type GoldenCase, goldenCases } from '../support/golden.ts';

const schema = JSON.parse(readFileSync('schemas/trunkline.schema.json', 'utf8')) as object;

/** Every *.yaml of the case is one source; env.json holds the environment. */
function loadCase({ folder, read }: GoldenCase): Record<string, string> {
  const sources = readdirSync(folder)
    .filter((name) => name.endsWith('.yaml'))
    .sort()
    .map((file) => ({ file, text: readFileSync(join(folder, file), 'utf8') }));
  const env = JSON.parse(read('env.json') ?? '{}') as Record<string, string>;
  try {
    return { 'resolved.json': JSON.stringify(documentOf(load(sources, { env, schema })), null, 2) };
  } catch (error) {
    if (!(error instanceof ToolError)) throw error;
    return { 'problems.txt': problemsText(error.problems, paintWith(false)) };
  }
}

goldenCases({ folder: 'test/golden/config', outputs: ['problems.txt', 'resolved.json'], run: loadCase });
