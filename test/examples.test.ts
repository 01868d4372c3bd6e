import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { validateFiles } from '../src/app/validate.ts';

const examples = readdirSync('examples', { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);

test('there are examples', () => {
  expect(examples).toEqual(expect.arrayContaining(['chain', 'merge', 'one-leaf', 'walkthrough']));
});

test.each(examples)('example %s is valid, names its schema, and says what it is about', async (name) => {
  const file = `examples/${name}/trunkline.yaml`;
  const { desired } = await validateFiles([file], {
    SRC_URL: 'postgresql://src.example/app',
    DST_URL: 'postgresql://dst.example/app',
  });
  expect(desired.queues.size).toBeGreaterThan(0);
  expect(readFileSync(file, 'utf8')).toMatch(
    /^# yaml-language-server: \$schema=\.\.\/\.\.\/schemas\/trunkline\.schema\.json\n/,
  );
  expect(existsSync(`examples/${name}/README.md`)).toBe(true);
});
