import { formatBytes, formatCount } from '../model/amounts.ts';
import { assertNever } from '../model/exhaustive.ts';
import type { Finding, TableRenaming } from '../model/status.ts';
import { notInSyncText } from './compare-text.ts';
import { describeProblem, list } from './describe-problem.ts';
import { countOf, formatDuration } from './units.ts';

/** What is so, and where it is not plain, what to do. */
export function describeFinding(finding: Finding): string {
  switch (finding.code) {
    case 'unreachable':
      return describeProblem(finding.problem).summary.replace(/\.$/, '');
    case 'not_set_up':
      return 'not set up yet: run "trunkline apply"';
    case 'elsewhere':
      return `its database holds node ${finding.found} of this queue instead`;
    case 'root_replaced':
      return `${finding.by} has replaced it as the root while it did not answer: nothing is done for it, and what it took since is on no other node; run "trunkline plan"`;
    case 'worker_error':
      return `its worker says: ${finding.message}`;
    case 'worker_silent':
      return finding.sinceMs === undefined
        ? 'no worker runs: start one with "trunkline run"'
        : `no sign of its worker for ${formatDuration(finding.sinceMs)}: start one with "trunkline run"`;
    case 'events_skipped': {
      const { lastDay, more, ageMs } = finding.records;
      return `${more ? 'at least ' : ''}${countOf(lastDay, 'event')} left out in the last day, the newest ${formatDuration(ageMs)} ago: "trunkline log --skipped" shows them, and "trunkline compare" what they left different`;
    }
    case 'sql_older':
      return `the SQL in its database is older than this program: ${finding.schemas.map(({ name, from, to }) => `${name} ${from}, now ${to}`).join('; ')}; run "trunkline apply"`;
    case 'paused':
      return 'paused: it replays nothing until it is resumed';
    case 'not_uptodate':
      return 'its worker has not yet confirmed the last change made to it';
    case 'lagging':
      return `${formatDuration(finding.lagMs)} behind: ${countOf(finding.ticks, 'tick')}, about ${countOf(finding.events, 'event')}`;
    case 'ahead_of_provider':
      return `stands at tick ${finding.tick}, which its provider does not have (newest ${finding.newestTick}): the provider has lost its last commits`;
    case 'behind_subscription':
      return `stands at tick ${finding.tick}, but its provider has finished ${finding.subscription} for it: this database has lost its last commits`;
    case 'not_subscribed':
      return 'its provider does not know it: run "trunkline plan"';
    case 'provider_unknown':
      return 'how far behind it is can not be told: its provider does not answer';
    case 'table_not_in_sync':
      return `table ${finding.table}: ${notInSyncText(finding.sync)}`;
    case 'table_parked':
      return `table ${finding.table} is parked: ${finding.message}; mend the cause, it is tried again by itself`;
    case 'table_renaming':
      return `table ${finding.from} is half way to its new name ${finding.table}: ${whoIsLeft(finding.left)}; "trunkline apply" goes on with it`;
    case 'table_gone':
      return `table ${finding.target} does not exist${finding.target === finding.table ? '' : `; ${finding.table} should go there`}`;
    case 'not_captured':
      return `table ${finding.table}: ${list(finding.changes)} ${are(finding.changes)} not captured, and such changes are lost: run "trunkline plan"`;
    case 'not_denied':
      return `table ${finding.table}: nothing refuses ${list(finding.changes, 'or')} by others: run "trunkline plan"`;
    case 'trigger_disabled':
      return `table ${finding.table}: ${finding.triggers.length === 1 ? 'trigger' : 'triggers'} ${list(finding.triggers)} ${are(finding.triggers)} disabled`;
    case 'ticker_paused':
      return 'its ticker is paused: no change travels';
    case 'ticker_silent':
      return `no tick for ${formatDuration(finding.sinceMs)}${finding.eventsWaiting === 0n ? '' : ` while about ${countOf(finding.eventsWaiting, 'event')} wait`}: is "trunkline run" or pgqd running?`;
    case 'rotation_stuck':
      return `event tables were last rotated ${formatDuration(finding.sinceMs)} ago (due every ${formatDuration(finding.periodMs)}) and hold ${formatBytes(Number(finding.bytes))}${holder(finding)}`;
    default:
      return assertNever(finding);
  }
}

function whoIsLeft(left: TableRenaming['left']): string {
  if (left.length === 0) return 'every other node has done with the old one';
  const nodes = left.map(({ node, ticks }) => {
    if (ticks === undefined) return `${node} (does not answer)`;
    return ticks > 0n ? `${node} (${countOf(ticks, 'tick')} behind)` : node;
  });
  return `changes under the old one are taken too on ${list(nodes)}, until each has read the last of them`;
}

function holder(finding: Finding & { readonly code: 'rotation_stuck' }): string {
  const { heldBy } = finding;
  if (heldBy !== undefined) {
    const since = `of ${heldBy.user} on ${heldBy.database}, open for ${formatDuration(heldBy.sinceMs)}`;
    return heldBy.kind === 'prepared'
      ? `; they wait for prepared transaction "${heldBy.gid}" ${since}: commit or roll it back`
      : `; they wait for the transaction of server process ${heldBy.pid} ${since}`;
  }
  if (finding.consumer === undefined) return '';
  const at = finding.tick === undefined ? '' : `, at tick ${formatCount(finding.tick)}`;
  return `; consumer ${finding.consumer} stands furthest back${at}`;
}

function are(things: readonly string[]): string {
  return things.length === 1 ? 'is' : 'are';
}
