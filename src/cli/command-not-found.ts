import { Errors, type Hook } from '@oclif/core';
import { problemsText } from '../render/describe-problem.ts';
import { paintWith, wantsColour } from '../render/paint.ts';
import { exitCodes } from './exit-codes.ts';

/** oclif asks this when the words name no command; it also takes words after a command for part of its name. */
export const commandNotFound: Hook.CommandNotFound = async ({ id, config }) => {
  const words = id.split(':');
  const known = words
    .map((_, index) => words.slice(0, index + 1).join(':'))
    .findLast((name) => config.findCommand(name));
  const command = known?.replaceAll(':', ' ');
  const rest = words.slice(known?.split(':').length ?? 0).join(' ');
  // The scripts of "completion" alone call a hidden one.
  const commands = config.commands.filter(({ hidden }) => !hidden).map((each) => each.id.replaceAll(':', ' '));
  const detail =
    command === undefined
      ? `there is no command ${rest}; there are ${commands.toSorted().join(', ')}`
      : `${command} does not know what to do with ${rest}`;
  const colour = wantsColour({ flag: undefined, env: process.env, terminal: process.stderr.isTTY === true });
  process.stderr.write(`${problemsText([{ code: 'usage_invalid', command, detail }], paintWith(colour))}\n`);
  throw new Errors.ExitError(exitCodes.failed);
};
