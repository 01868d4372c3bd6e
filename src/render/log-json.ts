import type { LogRecord } from '../model/log.ts';

// What `run --json` prints: one object a line, the first of which says by which version of the format to read the rest.
// `schemas/run-log.schema.json` describes them.

const logFormat = '1.0';

export interface VersionRecord extends LogRecord {
  readonly format: string;
  readonly trunkline: string;
}

export function versionRecord(trunkline: string): VersionRecord {
  return { level: 'info', event: 'version', message: `trunkline ${trunkline}`, format: logFormat, trunkline };
}

export function logJson(record: LogRecord, at: string): string {
  return JSON.stringify({ ts: at, ...record }, (_key, value: unknown) =>
    typeof value === 'bigint' ? value.toString() : value,
  );
}
