import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const texts = ['src', 'bench', 'test', 'scripts', 'vitest.config.ts'].flatMap((part) =>
  part.includes('.')
    ? [readFileSync(part, 'utf8')]
    : readdirSync(part, { recursive: true, encoding: 'utf8' })
        .filter((name) => /\.(ts|mjs)$/.test(name))
        .map((name) => readFileSync(`${part}/${name}`, 'utf8')),
);

/** What stands at the first place of the pattern, each once, in order. */
const found = (pattern: RegExp, inTexts: readonly string[]): readonly string[] =>
  [...new Set(inTexts.flatMap((text) => [...text.matchAll(pattern)].map(([, name]) => name as string)))].sort();

test('each variable that is read is in the table for those who work on it, and each there is read', () => {
  const table = readFileSync('CONTRIBUTING.md', 'utf8');
  expect(found(/^\| `(TRUNKLINE_\w+)/gm, [table])).toEqual(found(/\benv\.(TRUNKLINE_\w+)/g, texts));
});

test('each point at which a test may end a process is told', () => {
  const told = readFileSync('docs/reference/running.md', 'utf8').split('## Where a test may end the process')[1] ?? '';
  const points = found(/\bfault(?:Points\(env\))?\(['`]([a-z-]+)(?=')/g, texts);
  expect(points).toContain('in-copy');
  expect(points.filter((point) => !told.includes(`\`${point}\``))).toEqual([]);
});
