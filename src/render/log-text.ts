import type { LogRecord } from '../model/log.ts';

/** One log line for a person. The node stands in front where the caller does not show it. */
export function logText(record: LogRecord, at: string): string {
  const time = at.slice(11, 19);
  const level = record.level === 'info' ? '' : `${record.level}: `;
  const sqlstate = record.sqlstate === undefined ? '' : ` [${record.sqlstate}]`;
  return `${time} ${level}${record.message}${sqlstate}`;
}
