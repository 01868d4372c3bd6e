import { Args } from '@oclif/core';

/** The databases that a sandbox command is about; its `strict` must be off for more than one. */
export const databaseArgs = {
  database: Args.string({ description: 'A database of the file; more may follow. Left out: all of them.' }),
};
