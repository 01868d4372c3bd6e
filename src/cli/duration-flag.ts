import { Flags } from '@oclif/core';
import { ToolError } from '../model/problem.ts';

const unitsMs: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

/** A span of time as the file writes it: `500ms`, `60s`, `5m`. A bare number is seconds. Gives milliseconds. */
export const durationFlag = Flags.custom<number>({
  helpValue: 'DURATION',
  parse: async (text, command, { name }) => {
    const [, digits, unit] = /^(\d+(?:\.\d+)?)\s*(ms|s|m|h)?$/.exec(text.trim()) ?? [];
    if (digits !== undefined) return Number(digits) * (unitsMs[unit ?? 's'] ?? 0);
    const detail = `--${name} is "${text}", which is not a duration: write for example 500ms, 60s or 5m`;
    throw new ToolError([{ code: 'usage_invalid', command: command.id, detail }]);
  },
});
