import type { Diagnosis, Examined } from '../model/checkup.ts';
import { type ComplaintText, describeComplaint } from './describe-complaint.ts';
import type { Paint } from './paint.ts';
import { countOf } from './units.ts';

/** One line for each database, then whatever hurts with its fix, errors first, and the sum. */
export function doctorText(diagnosis: Diagnosis, paint: Paint): string {
  const complaints = sorted(diagnosis.complaints.map(describeComplaint));
  return [
    diagnosis.databases.flatMap((one) => [databaseLine(one, paint), ...wayLines(one), ...nodeLines(one)]).join('\n'),
    ...complaints.map((one) => complaintText(one, paint)),
    sumText(complaints, paint),
  ].join('\n\n');
}

/** What `doctor --json` prints; `schemas/doctor.schema.json` describes it. */
export function doctorJson({ databases, complaints }: Diagnosis) {
  return {
    formatVersion: 1,
    databases: databases.map(({ database, nodes, moved, seen }) => ({
      database,
      reachable: moved || seen !== undefined,
      serverVersion: seen === undefined ? null : versionOf(seen.serverVersion),
      user: seen?.user ?? null,
      sql: seen?.sql ?? null,
      switchesTriggersOff: seen?.canReplicate ?? null,
      direct: seen?.direct ?? null,
      nodes: nodes.map(({ queue, node, role }) => ({ queue, node, role })),
    })),
    findings: sorted(complaints.map(describeComplaint)).map(({ where, fix, ...rest }) => ({
      ...rest,
      where: where ?? null,
      fix: fix ?? null,
    })),
  };
}

function sorted(texts: readonly ComplaintText[]): readonly ComplaintText[] {
  return [...texts].sort((left, right) => rank(left) - rank(right));
}

function rank({ severity }: ComplaintText): number {
  return severity === 'error' ? 0 : 1;
}

function databaseLine({ database, moved, seen }: Examined, paint: Paint): string {
  if (seen === undefined) {
    return `${paint.strong(`database ${database}`)}  ${moved ? 'is another one than before' : 'does not answer'}`;
  }
  const installed = seen.sql === undefined ? 'nothing installed' : sqlWords[seen.sql];
  return `${paint.strong(`database ${database}`)}  PostgreSQL ${versionOf(seen.serverVersion)}, user ${seen.user}, ${installed}`;
}

function wayLines({ seen }: Examined): readonly string[] {
  if (seen?.direct !== false) return [];
  return ['  through a proxy or translated ports: each connection takes a second one for a moment'];
}

/** How each node replays: in one cascade some may have the right to switch triggers off, and others not. */
function nodeLines({ nodes, seen }: Examined): readonly string[] {
  if (seen === undefined) return [];
  const how = seen.canReplicate
    ? 'with triggers and foreign keys switched off'
    : 'with the rights of a table owner: it meets triggers and foreign keys';
  return nodes.map(({ queue, node, role }) =>
    role === 'root'
      ? `  ${queue}/${node}  root: replays nothing; where it becomes a branch, ${how}`
      : `  ${queue}/${node}  ${role}: replays ${how}`,
  );
}

const sqlWords = { bundled: 'bundled SQL', extension: 'extensions', foreign: 'SQL of another origin' } as const;

function versionOf(serverVersion: number): string {
  return `${Math.floor(serverVersion / 10_000)}.${serverVersion % 10_000}`;
}

function complaintText({ severity, where, message, fix }: ComplaintText, paint: Paint): string {
  const word = severity === 'error' ? paint.failed('error') : paint.warned('warning');
  const line = `${word}  ${where === undefined ? '' : `${where}: `}${message}`;
  return fix === undefined ? line : `${line}\n${fix.replaceAll(/^/gm, '       ')}`;
}

function sumText(complaints: readonly ComplaintText[], paint: Paint): string {
  if (complaints.length === 0) return paint.done('Nothing found.');
  const errors = complaints.filter(({ severity }) => severity === 'error').length;
  return paint.strong(`${countOf(errors, 'error')}, ${countOf(complaints.length - errors, 'warning')}.`);
}
