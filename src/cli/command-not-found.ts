import { Errors, type Hook, loadHelpClass } from '@oclif/core';
import type { Problem } from '../model/problem.ts';
import { problemJson, problemsText } from '../render/describe-problem.ts';
import { paintWith, wantsColour } from '../render/paint.ts';
import { exitCodes } from './exit-codes.ts';

/** oclif asks this when the words name no command; it also takes words after a command for part of its name. */
export const commandNotFound: Hook.CommandNotFound = async ({ id, config, argv = [] }) => {
  const words = id.split(':');
  if (words[0] === 'help') {
    const Help = await loadHelpClass(config);
    return new Help(config, config.pjson.oclif.helpOptions).showHelp([...words.slice(1), ...argv]);
  }
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
  const problem: Problem = { code: 'usage_invalid', command, detail };
  process.stderr.write(`${problemsText([problem], paintWith(colour))}\n`);
  if (argv.includes('--json')) process.stdout.write(`${JSON.stringify({ problems: [problemJson(problem)] })}\n`);
  throw new Errors.ExitError(exitCodes.failed);
};
