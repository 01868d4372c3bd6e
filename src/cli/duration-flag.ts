import { Errors, Flags } from '@oclif/core';

const unitsMs: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

/** A span of time as the file writes it: `500ms`, `60s`, `5m`. A bare number is seconds. Gives milliseconds. */
export const durationFlag = Flags.custom<number>({
  helpValue: 'DURATION',
  parse: async (text) => {
    const [, digits, unit] = /^(\d+(?:\.\d+)?)\s*(ms|s|m|h)?$/.exec(text.trim()) ?? [];
    if (digits === undefined)
      throw new Errors.CLIError(`"${text}" is not a duration: write for example 500ms, 60s or 5m`);
    return Number(digits) * (unitsMs[unit ?? 's'] ?? 0);
  },
});
