import { askedCapture, captureOptions, isCaptureOption, suppressesRows } from '../model/capture.ts';
import type { LiveTable, LiveTrigger } from '../model/state.ts';
import { capturesAs } from '../model/table-codec.ts';
import type { NodeRole } from '../model/topology.ts';
import { foundCapture, rowTriggers } from '../model/triggers.ts';

export interface TriggerFault {
  readonly because: string;
  /** Changes went by unseen. */
  readonly losesEvents: boolean;
}

/** Why the triggers of a table have to be made again; undefined while they do what they are there for. */
export function triggerFault(
  live: LiveTable,
  role: NodeRole,
  triggerArgs: readonly string[],
): TriggerFault | undefined {
  const truncate = live.triggers.find((trigger) => trigger.name.endsWith('_truncate'));
  const rows = rowTriggers(live.triggers);
  for (const { trigger, what } of [...rows, { trigger: truncate, what: 'truncate trigger' }]) {
    const fault = faultOf(trigger, what, role);
    if (fault !== undefined) return fault;
  }
  const row = rows[0]?.trigger;
  if (role === 'leaf' || row === undefined) return undefined;
  return missingArgument(row, triggerArgs) ?? otherCapture(live.triggers, triggerArgs, role);
}

function faultOf(trigger: LiveTrigger | undefined, what: string, role: NodeRole): TriggerFault | undefined {
  const losesEvents = role === 'root';
  if (trigger === undefined) return { because: `its ${what} is missing`, losesEvents };
  if (trigger.enabled === 'disabled') return { because: `its ${what} is disabled`, losesEvents };
  if (trigger.enabled === 'replica') return { because: `its ${what} fires for replicated changes only`, losesEvents };
  const denies = trigger.args.includes('deny');
  if (role !== 'leaf') return denies ? { because: `its ${what} refuses changes`, losesEvents } : undefined;
  if (!denies) return { because: `its ${what} does not refuse local changes`, losesEvents };
  // Fires under the worker too, and would refuse what it writes.
  if (trigger.enabled === 'always') return { because: `its ${what} fires for replicated changes too`, losesEvents };
  return undefined;
}

/** What somebody added that no file can say is theirs and stays unseen; what Trunkline wants must be there. */
function missingArgument(row: LiveTrigger, triggerArgs: readonly string[]): TriggerFault | undefined {
  const always = triggerArgs.filter((arg) => !isCaptureOption(arg) && !arg.startsWith('tgflags='));
  if (capturesAs(always, row.args)) return undefined;
  const lacking = always.filter((arg) => /^(ev_extra1|pkey)=/.test(arg) && !row.args.includes(arg));
  if (lacking.length === 0) {
    return { because: 'its row trigger refuses updates of key columns', losesEvents: false };
  }
  // Without the name, changes of partitions went to tables that nobody replicates.
  const losesEvents = lacking.some((arg) => arg.startsWith('ev_extra1='));
  return { because: `its row trigger lacks ${lacking.join(' and ')}`, losesEvents };
}

/** What a file can say of capturing must be as it says, no less and no more. */
function otherCapture(
  triggers: readonly LiveTrigger[],
  triggerArgs: readonly string[],
  role: NodeRole,
): TriggerFault | undefined {
  const found = foundCapture(triggers);
  if (found === undefined) return undefined;
  const asked = askedCapture(triggerArgs);
  const unseen = asked.operations.filter((operation) => !found.operations.includes(operation));
  if (unseen.length > 0) {
    // Of rows that were never written, no change was missed.
    const losesEvents = role === 'root' && !suppressesRows(found);
    return { because: `its row trigger does not fire for ${unseen.join(' and ')}`, losesEvents };
  }
  const surplus = found.operations.filter((operation) => !asked.operations.includes(operation));
  if (surplus.length > 0)
    return { because: `its row trigger fires for ${surplus.join(' and ')} too`, losesEvents: false };
  const options = captureOptions(found.args);
  const lacking = asked.options.filter((option) => !options.includes(option));
  if (lacking.length > 0) return { because: `its row trigger lacks ${lacking.join(' and ')}`, losesEvents: false };
  const unasked = options.filter((option) => !asked.options.includes(option));
  if (unasked.length > 0) {
    return {
      because: `its row trigger has ${unasked.join(' and ')}, of which the file says nothing`,
      losesEvents: false,
    };
  }
  // A function of the table's own writes JSON.
  if (asked.format === undefined || asked.format === (found.format ?? 'json')) return undefined;
  return {
    because: `its row trigger writes events as ${found.format ?? 'json'}, not ${asked.format}`,
    losesEvents: false,
  };
}
