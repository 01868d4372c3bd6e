import { expect, test } from 'vitest';
import { paintWith, wantsColour } from '../../../src/render/paint.ts';

test.for([
  ['a terminal', {}, undefined, true, true],
  ['no terminal', {}, undefined, false, false],
  ['NO_COLOR on a terminal', { NO_COLOR: '1' }, undefined, true, false],
  ['an empty NO_COLOR says nothing', { NO_COLOR: '' }, undefined, true, true],
  ['FORCE_COLOR beats the lack of a terminal', { FORCE_COLOR: '1' }, undefined, false, true],
  ['FORCE_COLOR without a value', { FORCE_COLOR: '' }, undefined, false, true],
  ['FORCE_COLOR=0 on a terminal', { FORCE_COLOR: '0' }, undefined, true, false],
  ['FORCE_COLOR beats NO_COLOR', { FORCE_COLOR: '1', NO_COLOR: '1' }, undefined, false, true],
  ['a dumb terminal', { TERM: 'dumb' }, undefined, true, false],
  ['--color beats NO_COLOR', { NO_COLOR: '1' }, true, false, true],
  ['--no-color beats FORCE_COLOR', { FORCE_COLOR: '1' }, false, true, false],
] as const)('%s', ([, env, flag, terminal, wanted]) => {
  expect(wantsColour({ flag, env, terminal })).toBe(wanted);
});

test('without colour, text stays as it is', () => {
  expect(Object.values(paintWith(false)).map((brush) => brush('x'))).toEqual(new Array(9).fill('x'));
});

test('with colour, every brush adds something', () => {
  for (const brush of Object.values(paintWith(true))) expect(brush('x').length).toBeGreaterThan(1);
});
