import type { Uninstallation } from '../model/uninstallation.ts';
import type { Paint } from './paint.ts';
import { countOf } from './units.ts';

/** What `uninstall` will take away, like a plan. */
export function uninstallText(seen: readonly Uninstallation[], paint: Paint): string {
  if (seen.length === 0) return 'Nothing to take away: Trunkline has installed nothing there.';
  return seen
    .map((found) => [paint.strong(`database ${found.database}`), ...lines(found, paint)].join('\n'))
    .join('\n\n');
}

function lines({ schemas, triggers, queues }: Uninstallation, paint: Paint): string[] {
  return [
    ...triggers.map((trigger) => `trigger ${trigger}`),
    ...(schemas.some(({ name }) => name === 'pgq') ? queues : []).map((queue) => `queue ${queue} with all its events`),
    ...schemas.map(({ name, version, source, tables, functions }) =>
      source === 'extension'
        ? `extension ${name} ${version}`
        : `schema ${name} ${version}: ${countOf(tables, 'table')}, ${countOf(functions, 'function')}`,
    ),
  ].map((line) => `  ${paint.removed('  -')} ${line}`);
}
