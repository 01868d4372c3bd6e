/**
 * Named places where a test ends the process as a power cut would: `TRUNKLINE_FAULT=after-commit` at the first time it is
 * reached, `TRUNKLINE_FAULT=after-commit:3` at the third; or stops it until somebody continues it, `stop@after-commit`.
 * Nothing happens where the variable is not set.
 */
export function faultPoints(env: NodeJS.ProcessEnv): (point: string) => void {
  const [, stop, rest = ''] = /^(stop@)?(.*)$/.exec(env['TRUNKLINE_FAULT'] ?? '') ?? [];
  const [wanted, times = '1'] = splitLast(rest);
  if (wanted === '') return () => undefined;
  let left = Number(times);
  return (point) => {
    if (point !== wanted) return;
    left -= 1;
    if (left === 0) process.kill(process.pid, stop === undefined ? 'SIGKILL' : 'SIGSTOP');
  };
}

/** A step's id holds colons of its own: only a number at the end counts the times. */
function splitLast(text: string): readonly [string, string?] {
  const match = /^(.*):(\d+)$/.exec(text);
  return match === null ? [text] : [match[1] ?? '', match[2] ?? '1'];
}
