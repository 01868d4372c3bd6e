import { writeSync } from 'node:fs';

/**
 * Named places where a test ends the process as a power cut would: `TRUNKLINE_FAULT=after-commit` at the first time it is
 * reached, `TRUNKLINE_FAULT=after-commit:3` at the third; or stops it until somebody continues it, `stop@after-commit`. Of
 * several lines, whichever comes first; standard error tells which it was. Nothing happens where the variable is not set.
 */
export function faultPoints(env: NodeJS.ProcessEnv): (point: string) => void {
  const lines = (env.TRUNKLINE_FAULT ?? '').split('\n').filter((line) => line !== '');
  if (lines.length === 0) return () => undefined;
  const faults = new Map(lines.map(faultOf));
  return (point) => {
    const fault = faults.get(point);
    if (fault === undefined) return;
    fault.left -= 1;
    if (fault.left !== 0) return;
    writeSync(2, `fault: ${point}\n`);
    process.kill(process.pid, fault.signal);
  };
}

interface Fault {
  readonly signal: NodeJS.Signals;
  left: number;
}

/** A step's id holds colons of its own: only a number at the end counts the times. */
function faultOf(line: string): readonly [point: string, fault: Fault] {
  const [, stop, text = ''] = /^(stop@)?(.*)$/.exec(line) ?? [];
  const [, point = text, times = '1'] = /^(.*):(\d+)$/.exec(text) ?? [];
  return [point, { signal: stop === undefined ? 'SIGKILL' : 'SIGSTOP', left: Number(times) }];
}
