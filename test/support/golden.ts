import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

/** One folder of inputs and expected outputs. */
export interface GoldenCase {
  readonly name: string;
  readonly folder: string;
  /** The text of an input file; undefined when the case has none. */
  readonly read: (file: string) => string | undefined;
}

export interface GoldenSuite {
  /** Such as `test/golden/plan`; each folder in it is a case. */
  readonly folder: string;
  /** Every file that `run` may give: one that lies there and is not given is out of date. */
  readonly outputs: readonly string[];
  /** Output file -> text. */
  readonly run: (given: GoldenCase) => Promise<Readonly<Record<string, string>>> | Readonly<Record<string, string>>;
}

/** One test per case. `npm run golden` rewrites the files; under CI a missing one fails. */
export function goldenCases(suite: GoldenSuite): void {
  const names = readdirSync(suite.folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort();
  if (names.length === 0) throw new Error(`${suite.folder} holds no case`);
  test.for(names)('%s', async (name) => {
    const folder = join(suite.folder, name);
    const outputs = await suite.run({ name, folder, read: (file) => readInput(join(folder, file)) });
    expect(suite.outputs).toEqual(expect.arrayContaining(Object.keys(outputs)));
    for (const [file, text] of Object.entries(outputs)) {
      await expect(text.endsWith('\n') ? text : `${text}\n`).toMatchFileSnapshot(join(process.cwd(), folder, file));
    }
    expect(outdatedFiles(suite, folder, outputs)).toEqual([]);
  });
}

function outdatedFiles(suite: GoldenSuite, folder: string, outputs: Readonly<Record<string, string>>): string[] {
  const outdated = suite.outputs
    .filter((file) => outputs[file] === undefined)
    .map((file) => join(folder, file))
    .filter((path) => existsSync(path));
  const { snapshotState } = expect.getState() as unknown as { snapshotState?: { _updateSnapshot?: string } };
  if (snapshotState?._updateSnapshot !== 'all') return outdated;
  for (const path of outdated) rmSync(path);
  return [];
}

function readInput(path: string): string | undefined {
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
}
