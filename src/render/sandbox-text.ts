import { formatBytes } from '../model/amounts.ts';
import type { ServerState } from '../model/sandbox.ts';
import type { Paint } from './paint.ts';
import { padTo, widthOf } from './width.ts';

/** One line a server, and below each that runs how to open it with psql. */
export function sandboxStatusText(servers: readonly ServerState[], paint: Paint): string {
  if (servers.length === 0) {
    return 'There are no embedded servers here. "trunkline sandbox up" starts those that the file names.';
  }
  const rows = servers.map((server) => [
    server.name,
    `PostgreSQL ${server.version}`,
    server.port === undefined ? '-' : `${server.host}:${server.port}`,
    server.dbname,
    formatBytes(server.dataBytes),
    stateOf(server),
  ]);
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => widthOf(row[column] ?? '')))) ?? [];
  return rows
    .flatMap((row, at) => {
      const server = servers[at];
      const line = row.map((cell, column) => padTo(cell, widths[column] ?? 0)).join('  ');
      return [line.trimEnd(), ...(server?.ready === true ? [paint.faint(`  ${psqlCommand(server)}`)] : [])];
    })
    .join('\n');
}

/** What a command did, one line a server. */
export function sandboxChangesText(
  changes: readonly { readonly server: ServerState; readonly changed: boolean }[],
  words: { readonly changed: string; readonly unchanged: string; readonly none: string },
): string {
  if (changes.length === 0) return words.none;
  return changes
    .map(({ server, changed }) => `${server.name}: ${changed ? words.changed : words.unchanged}`)
    .join('\n');
}

function stateOf(server: ServerState): string {
  if (server.pid === undefined) return 'stopped';
  return server.ready ? `running, pid ${server.pid}` : `not ready yet, pid ${server.pid}`;
}

function psqlCommand(server: ServerState): string {
  const words = [
    `host=${server.host}`,
    `port=${server.port}`,
    `dbname=${quoteWord(server.dbname)}`,
    `user=${server.user}`,
    `passfile=${quoteWord(server.passfile)}`,
  ];
  return `psql "${words.join(' ').replace(/[\\"$`]/g, (char) => `\\${char}`)}"`;
}

function quoteWord(text: string): string {
  return /^[\w./-]+$/.test(text) ? text : `'${text.replace(/[\\']/g, (char) => `\\${char}`)}'`;
}
