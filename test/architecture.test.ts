import { readdirSync } from 'node:fs';
import { cruise, type ICruiseResult } from 'dependency-cruiser';
import extractTSConfig from 'dependency-cruiser/config-utl/extract-ts-config';
import { expect, test } from 'vitest';
import config from '../.dependency-cruiser.mjs';

test('imports run down the floors of the house', async () => {
  const { output } = await cruise(
    ['src'],
    { ...config.options, validate: true, ruleSet: { forbidden: config.forbidden as never } },
    {},
    { tsConfig: extractTSConfig('tsconfig.json') },
  );
  const result = output as ICruiseResult;
  const broken = result.summary.violations.map(({ rule, from, to }) => `${rule.name}: ${from} -> ${to}`);
  expect(broken).toEqual([]);
  // A checker that reads no TypeScript finds nothing wrong either.
  const files = readdirSync('src', { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
  const seen = result.modules.filter(({ source }) => /^src\/.*\.ts$/.test(source));
  expect(seen.length).toBeGreaterThanOrEqual(files.length);
});
