import { formatCount } from '../model/amounts.ts';
import type { Ailment, Complaint } from '../model/checkup.ts';
import { assertNever } from '../model/exhaustive.ts';
import type { TableName } from '../model/names.ts';
import { describeFinding } from './describe-finding.ts';
import { describeProblem } from './describe-problem.ts';
import { countOf, formatDuration } from './units.ts';

export interface ComplaintText {
  readonly severity: 'error' | 'warning';
  readonly code: string;
  /** A database, `queue/node`, or a place in the file. */
  readonly where: string | undefined;
  readonly message: string;
  readonly fix: string | undefined;
}

export function describeComplaint(complaint: Complaint): ComplaintText {
  switch (complaint.of) {
    case 'database': {
      const { ailment, database } = complaint;
      const [message, fix] = sentences(ailment);
      return { severity: wordOf(ailment.severity), code: ailment.code, where: database, message, fix };
    }
    case 'node': {
      const { finding, queue, node } = complaint;
      const said = describeFinding(finding);
      const message = said.endsWith('?') ? said : `${said}.`;
      return {
        severity: wordOf(finding.severity),
        code: finding.code,
        where: `${queue}/${node}`,
        message,
        fix: undefined,
      };
    }
    case 'plan': {
      const { summary, hint, at } = describeProblem(complaint.problem);
      const where = at === undefined ? undefined : `${at.file}:${at.line}:${at.column}`;
      return { severity: wordOf(complaint.severity), code: complaint.problem.code, where, message: summary, fix: hint };
    }
    default:
      return assertNever(complaint);
  }
}

function wordOf(severity: 'error' | 'warn'): ComplaintText['severity'] {
  return severity === 'warn' ? 'warning' : 'error';
}

/** What is so and what comes of it, then the fix. */
function sentences(ailment: Ailment): readonly [message: string, fix: string] {
  switch (ailment.code) {
    case 'standby':
      return ['this server is a standby: nothing can be written here.', 'Name its primary in the file.'];
    case 'read_only':
      return [
        'every session of this user begins read only: nothing can be installed or replayed.',
        'alter role … reset default_transaction_read_only, or the same for the database.',
      ];
    case 'no_right_to_install':
      return [
        'the SQL is not installed, and this user may not do it.',
        'grant create on database … to this user, or let an administrator run what "trunkline sql" prints.',
      ];
    case 'not_writer':
      return [
        'this user may look at the queue, but change nothing: apply and run will fail.',
        'grant londiste_writer to this user.',
      ];
    case 'tables_not_owned':
      return [
        `this user does not own ${some(ailment.tables)}: it can neither make their triggers nor, on a subscriber, copy them.`,
        'Grant it the role that owns them.',
      ];
    case 'triggers_misfire':
      return [
        `${some(ailment.tables)} has triggers that would not do as user_triggers says, since replay may not set session_replication_role here: it is parked, or not copied.`,
        'Disable those triggers, enable them as ALWAYS, or set user_triggers: fire.',
      ];
    case 'few_connections':
      return [
        `of ${formatCount(ailment.limit)} connections${limitedWords[ailment.of]} ${formatCount(ailment.free)} are free, and "trunkline run" may open ${formatCount(ailment.needed)} here while it copies${ailment.direct ? '' : ', as each takes a second one for a moment'}.`,
        `${raiseWords[ailment.of]}, or lower parallel_copies in the file.`,
      ];
    case 'few_locks':
      return [
        `${countOf(ailment.tables, 'table')} replicate here, and there is room for ${countOf(ailment.slots, 'lock')} at a time: a transaction on all of them, as a dump makes, runs out of shared memory.`,
        `Raise max_locks_per_transaction, which is ${ailment.setting}; it takes a restart.`,
      ];
    case 'sessions_end':
      return [
        `sessions of this user begin with ${ailment.setting} = ${formatDuration(ailment.ms)}: ${lossOf(ailment.setting)}.`,
        `alter role … set ${ailment.setting} = 0.`,
      ];
    case 'old_transaction':
      return [
        `a transaction of ${ailment.user} on ${ailment.database} has been open for ${formatDuration(ailment.ageMs)} (${ailment.application || 'no application name'}, server process ${ailment.pid}): until it ends, event tables are not rotated and grow.`,
        `End it: select pg_terminate_backend(${ailment.pid}).`,
      ];
    case 'prepared_transaction':
      return [
        `prepared transaction "${ailment.gid}" of ${ailment.owner} on ${ailment.database} has waited for ${formatDuration(ailment.ageMs)}: until it ends, event tables are not rotated and grow.`,
        `commit prepared or rollback prepared '${ailment.gid}', whichever its manager meant.`,
      ];
    case 'captured_child':
      return [
        `${some(ailment.tables)} ${is(ailment.tables)} below a parent table: what is written through the parent is not captured, and is lost to subscribers.`,
        'As owner of the tables: select trunkline_capture.remake_captures(), which captures them row by row. Then compare them: what was missed does not come by itself.',
      ];
    case 'values_change':
      return [
        `sessions begin with ${ailment.settings.join(', ')}, and the original C trigger writes values by it: dates may be read as others or not at all, and numbers lose digits.`,
        'Reset those settings, or have the database on the bundled SQL.',
      ];
    case 'capture_outdated':
      return [
        `${some(ailment.tables)} ${was(ailment.tables)} altered since their capture was written: all changes are captured, but each statement plans that anew, which is slower.`,
        'As owner of the tables: select trunkline_capture.remake_captures().',
      ];
    case 'sql_older':
      return [
        `its SQL is older than this release: ${ailment.schemas.map(({ name, from, to }) => `${name} ${from}, now ${to}`).join('; ')}.`,
        'Run "trunkline apply".',
      ];
    default:
      return assertNever(ailment);
  }
}

const limitedWords = { server: '', role: ' of this role', database: ' of this database' } as const;

const raiseWords = {
  server: 'Raise max_connections',
  role: 'alter role … connection limit …',
  database: 'alter database … connection limit …',
} as const;

function lossOf(setting: string): string {
  return setting === 'idle_session_timeout'
    ? 'a worker that waits for changes is cut off, and has to begin again'
    : 'a first copy, or a large batch, that takes longer is cut off and begins again';
}

const shown = 5;

function some(tables: readonly TableName[]): string {
  const more = tables.length - shown;
  return more > 0 ? `${tables.slice(0, shown).join(', ')} and ${more} more` : tables.join(', ');
}

function is(tables: readonly TableName[]): string {
  return tables.length === 1 ? 'lies' : 'lie';
}

function was(tables: readonly TableName[]): string {
  return tables.length === 1 ? 'was' : 'were';
}
