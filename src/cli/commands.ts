import type { Command } from '@oclif/core';
import { RunCommand } from './commands/run.ts';
import { SchemaCommand } from './commands/schema.ts';
import { ValidateCommand } from './commands/validate.ts';

/** Every command, by what the user types; a colon stands for the space between two words. */
export const COMMANDS: Readonly<Record<string, Command.Class>> = {
  run: RunCommand,
  schema: SchemaCommand,
  validate: ValidateCommand,
};
