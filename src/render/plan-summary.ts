import { formatBytes } from '../model/amounts.ts';
import { assertNever } from '../model/exhaustive.ts';
import type { HazardKind } from '../model/hazard.ts';
import type { PlanView } from '../model/plan-view.ts';
import type { Step } from '../model/step.ts';
import { countOf } from './units.ts';

export type Change = 'add' | 'change' | 'replace' | 'remove';

export interface PlanSummary {
  readonly add: number;
  readonly change: number;
  readonly remove: number;
  readonly copy: number;
  /** Steps that mend what was changed in a database, counted above as well. */
  readonly drift: number;
  /** Of those whose rows have been counted. */
  readonly copyRows: number;
  /** Tables whose rows have not. */
  readonly copyUncounted: number;
  readonly copyBytes: number;
}

export function summarize(plan: Pick<PlanView, 'steps' | 'drift'>): PlanSummary {
  const count = (...wanted: readonly Change[]) => plan.steps.filter((step) => wanted.includes(changeOf(step))).length;
  const copies = plan.steps.map(copyOf).filter((copy) => copy !== undefined);
  return {
    add: count('add'),
    change: count('change', 'replace'),
    remove: count('remove'),
    copy: copies.length,
    drift: plan.steps.filter((step) => plan.drift.has(step.id)).length,
    copyRows: copies.reduce((sum, copy) => sum + (copy.estimatedRows ?? 0), 0),
    copyUncounted: copies.filter((copy) => copy.estimatedRows === undefined).length,
    copyBytes: copies.reduce((sum, copy) => sum + copy.bytes, 0),
  };
}

/** `≈ 12,000 rows, 1.1 MB`. A table that nobody has analysed yet has no number of rows, and none is not nought. */
export function copyAmount({ copy, copyRows, copyUncounted, copyBytes }: PlanSummary): string {
  const bytes = formatBytes(copyBytes);
  if (copyUncounted === copy) return `rows not counted yet, ${bytes}`;
  const rest = copyUncounted === 0 ? '' : ` and those of ${countOf(copyUncounted, 'table')} not counted yet`;
  return `≈ ${countOf(copyRows, 'row')}${rest}, ${bytes}`;
}

export function changeOf(step: Step): Change {
  switch (step.kind) {
    case 'install_schemas':
      return step.schemas.every(({ from }) => from !== undefined) ? 'change' : 'add';
    case 'create_root':
    case 'create_branch':
    case 'create_leaf':
    case 'create_schema':
    case 'create_type':
    case 'create_sequence':
    case 'create_table':
    case 'add_table':
    case 'add_sequence':
      return 'add';
    case 'set_ticker':
      return step.from === undefined ? 'add' : 'change';
    case 'change_provider':
    case 'change_role':
    case 'move_root':
    case 'reopen_root':
    case 'replace_root':
    case 'fence_root':
    case 'rename_node':
    case 'rename_table':
    case 'set_location':
    case 'execute_file':
    case 'restore_triggers':
    case 'set_table_options':
      return 'change';
    case 'change_table':
    case 'resync_table':
      return 'replace';
    case 'remove_table':
    case 'remove_sequence':
    case 'remove_subscription':
    case 'drop_node':
      return 'remove';
    default:
      return assertNever(step);
  }
}

/** Which hazards the plan holds, and in which steps. */
export function hazardsOf(plan: Pick<PlanView, 'steps'>): ReadonlyMap<HazardKind, readonly string[]> {
  const found = new Map<HazardKind, string[]>();
  for (const step of plan.steps) {
    for (const { kind } of step.hazards) {
      const steps = found.get(kind);
      if (steps === undefined) found.set(kind, [step.id]);
      else if (steps.at(-1) !== step.id) steps.push(step.id);
    }
  }
  return found;
}

function copyOf(step: Step) {
  return step.kind === 'add_table' || step.kind === 'change_table' || step.kind === 'resync_table'
    ? step.copy
    : undefined;
}
