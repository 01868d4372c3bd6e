import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { decodeAppliedConfig, encodeAppliedConfig } from '../../src/config/applied-config.ts';
import { load } from '../../src/config/load.ts';
import { resolvedDocument } from '../../src/config/resolved-document.ts';
import { documentOf, documentText } from '../../src/config/write-document.ts';
import { type ProblemCode, ToolError } from '../../src/model/problem.ts';
import type { DesiredState } from '../../src/model/state.ts';
import { problemsText } from '../../src/render/describe-problem.ts';
import { paintWith } from '../../src/render/paint.ts';
import { type GoldenCase, goldenCases } from '../support/golden.ts';

const schema = JSON.parse(readFileSync('schemas/trunkline.schema.json', 'utf8')) as object;

const met = new Set<ProblemCode>();

/** Every *.yaml of the case is one source; env.json holds the environment. */
function loadCase({ folder, read }: GoldenCase): Record<string, string> {
  const sources = readdirSync(folder)
    .filter((name) => name.endsWith('.yaml'))
    .sort()
    .map((file) => ({ file, text: readFileSync(join(folder, file), 'utf8') }));
  const env = JSON.parse(read('env.json') ?? '{}') as Record<string, string>;
  try {
    const desired = load(sources, { env, schema });
    // What a database keeps of the files says the same as they do, but for passwords.
    const kept = decodeAppliedConfig(encodeAppliedConfig(desired), schema);
    expect(kept === undefined ? undefined : withoutPasswords(kept)).toEqual(withoutPasswords(desired));
    const resolved = resolvedDocument(desired);
    const readBack = load([{ file: 'resolved.yaml', text: documentText(resolved) }], { env: {}, schema });
    expect(resolvedDocument(readBack)).toEqual(resolved);
    return { 'resolved.json': JSON.stringify(resolved, null, 2) };
  } catch (error) {
    if (!(error instanceof ToolError)) throw error;
    for (const { code } of error.problems) met.add(code);
    return { 'problems.txt': problemsText(error.problems, paintWith(false)) };
  }
}

function withoutPasswords(desired: DesiredState): unknown {
  return JSON.parse(JSON.stringify(documentOf(desired), (key, value) => (key === 'password' ? undefined : value)));
}

goldenCases({ folder: 'test/golden/config', outputs: ['problems.txt', 'resolved.json'], run: loadCase });

// Cases run before this, in the order of the file.
test('every problem of the file has a case', () => {
  const problems: readonly ProblemCode[] = [
    'file_empty',
    'yaml_invalid',
    'key_duplicate',
    'key_unknown',
    'key_missing',
    'value_invalid',
    'keys_conflict',
    'name_invalid',
    'variable_malformed',
    'variable_unset',
    'database_unknown',
    'provider_unknown',
    'provider_cycle',
    'provider_is_leaf',
    'root_has_provider',
    'root_missing',
    'roots_many',
    'database_shared',
    'table_node_unknown',
    'table_node_is_root',
    'table_named_twice',
    'target_taken',
    'target_in_pattern',
    'filter_unused',
    'assertion_target_unknown',
    'merge_not_leaf',
    'merge_queue_unknown',
    'merge_unfit',
    'merge_cycle',
    'removed_still_named',
    'moved_unknown',
    'moved_conflict',
    'moved_table_conflict',
  ];
  expect([...met].sort()).toEqual([...problems].sort());
});
