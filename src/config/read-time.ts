import { durationText, parseDuration } from './duration.ts';
import type { Path } from './place.ts';
import { reportValue, type Scope } from './scope.ts';

const dayMs = 86_400_000;

/** Timers of Node and times among PostgreSQL's settings are 31 bits of milliseconds. */
export const longestWaitMs = 24 * dayMs;
/** Far more than anybody needs, and still an interval to every release of PostgreSQL. */
export const longestPeriodMs = 10_000 * dayMs;

/** A time as the file writes it, in milliseconds; what can not be one is told, and undefined. */
export function readTime(
  scope: Scope,
  path: Path,
  text: string,
  { longestMs, example }: { readonly longestMs: number; readonly example: string },
): number | undefined {
  const ms = parseDuration(text);
  if (ms !== undefined && ms > 0 && ms <= longestMs) return ms;
  const bound = ms !== undefined && ms > longestMs ? ` of ${durationText(longestMs)} at most` : ' above zero';
  reportValue(scope, path, text, `a time${bound}, for example ${example}`);
  return undefined;
}
