import type { Log } from '../model/log.ts';
import type { Report } from '../model/progress.ts';
import { logText } from '../render/log-text.ts';

/** Of a worker that runs for a command, where no other does: only what is wrong is told, among the progress. */
export function workerLog(report: Report): Log {
  return (record) => {
    if (record.level === 'info') return;
    report({ kind: 'note', node: record.node, text: logText(record, new Date().toISOString()) });
  };
}
