import type { LiveTable, LiveTrigger } from '../model/state.ts';
import { capturesAs } from '../model/table-codec.ts';
import type { NodeRole } from '../model/topology.ts';

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
  return role !== 'leaf' && row !== undefined ? missingArgument(row, triggerArgs) : undefined;
}

/** One trigger for all changes of rows, or one for each kind of statement. */
function rowTriggers(
  triggers: readonly LiveTrigger[],
): readonly { readonly trigger: LiveTrigger | undefined; readonly what: string }[] {
  const each = ['insert', 'update', 'delete'].map((kind) => ({
    trigger: triggers.find(({ name, args }) => name === `_londiste_${args[0]}_${kind}`),
    what: `${kind} trigger`,
  }));
  if (each.some(({ trigger }) => trigger !== undefined)) return each;
  return [{ trigger: triggers.find((trigger) => !trigger.name.endsWith('_truncate')), what: 'row trigger' }];
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

/** Arguments that somebody added are theirs and stay unseen; ones that Trunkline wants must be there. */
function missingArgument(row: LiveTrigger, triggerArgs: readonly string[]): TriggerFault | undefined {
  if (capturesAs(triggerArgs, row.args)) return undefined;
  const lacking = triggerArgs.filter((arg) => /^(ev_extra1|pkey)=/.test(arg) && !row.args.includes(arg));
  if (lacking.length === 0) {
    return { because: 'its row trigger refuses updates of key columns', losesEvents: false };
  }
  // Without the name, changes of partitions went to tables that nobody replicates.
  const losesEvents = lacking.some((arg) => arg.startsWith('ev_extra1='));
  return { because: `its row trigger lacks ${lacking.join(' and ')}`, losesEvents };
}
