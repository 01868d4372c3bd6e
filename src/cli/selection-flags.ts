import { Flags } from '@oclif/core';

const pattern = {
  multiple: true,
  multipleNonGreedy: true,
  delimiter: ',',
  helpValue: 'QUEUE/NODE/TABLE',
} as const;

/** Which part of a plan is wanted. */
export const selectionFlags = {
  target: Flags.string({
    ...pattern,
    default: [],
    exclusive: ['exclude'],
    description:
      'Only what matches, and what that needs. Each part may hold * and ?, later ones may be left out. For exceptions: the rest stays undone.',
  }),
  exclude: Flags.string({
    ...pattern,
    default: [],
    description: 'All but what matches, and what needs that.',
  }),
  'drift-only': Flags.boolean({
    description: 'Only what was changed in a database since the last apply.',
  }),
};

export function selectionOf(flags: {
  readonly target: readonly string[];
  readonly exclude: readonly string[];
  readonly 'drift-only': boolean;
}) {
  return { target: flags.target, exclude: flags.exclude, driftOnly: flags['drift-only'] };
}
