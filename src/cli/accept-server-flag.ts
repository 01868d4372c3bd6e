import { Flags } from '@oclif/core';

export const acceptServerFlag = {
  'accept-server': Flags.string({
    multiple: true,
    multipleNonGreedy: true,
    delimiter: ',',
    default: [],
    helpValue: 'DATABASE',
    description: 'Take this database as it is, though it is on another server than when it was last seen.',
  }),
};
