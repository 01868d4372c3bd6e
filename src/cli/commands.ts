import type { Command } from '@oclif/core';
import { SchemaCommand } from './commands/schema.ts';
import { ValidateCommand } from './commands/validate.ts';

/** Every command, by what the user types; a colon stands for the space between two words. */
export const COMMANDS: Readonly<Record<string, Command.Class>> = {
  schema: SchemaCommand,
  validate: ValidateCommand,
};
