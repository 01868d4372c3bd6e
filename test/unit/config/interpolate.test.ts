import fc from 'fast-check';
import { expect, test } from 'vitest';
import { interpolate } from '../../../src/config/interpolate.ts';

const env = { HOST: 'db1', EMPTY: '', BRACES: `\${HOST}`, toString: 'own' };

test.for([
  ['plain', 'plain', false],
  [`\${HOST}`, 'db1', true],
  [`a-\${HOST}-\${HOST}`, 'a-db1-db1', true],
  [`\${GONE:-there}`, 'there', true],
  [`\${GONE:-}`, '', true],
  [`\${EMPTY:-filled}`, 'filled', true],
  [`\${EMPTY}`, '', true],
  [`\${GONE:-postgresql://h:1/d}`, 'postgresql://h:1/d', true],
  ['$HOST', '$HOST', false],
  ['$$', '$', false],
  [`$$\${HOST}`, '$db1', true],
  [`$$$$`, '$$', false],
  [`$\${HOST}`, `\${HOST}`, false],
  [`\${BRACES}`, `\${HOST}`, true],
  ['ends with $', 'ends with $', false],
] as const)('%s', ([text, result, fromEnvironment]) => {
  expect(interpolate(text, env)).toEqual({ kind: 'text', text: result, fromEnvironment });
});

test.for([
  [`\${GONE}`, ['GONE'], []],
  [`\${constructor}`, ['constructor'], []],
  [`\${GONE}\${HOST}\${LOST}`, ['GONE', 'LOST'], []],
  [`\${}`, [], [`\${}`]],
  [`\${1X}`, [], [`\${1X}`]],
  [`\${HOST`, [], [`\${HOST`]],
  [`\${HOST-x}`, [], [`\${HOST-x}`]],
] as const)('%s is at fault', ([text, unset, malformed]) => {
  expect(interpolate(text, env)).toEqual({ kind: 'faults', unset, malformed });
});

test('doubling the dollars of any text gives that text', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      expect(interpolate(text.replaceAll('$', '$$$$'), {})).toMatchObject({ text, fromEnvironment: false });
    }),
  );
});
