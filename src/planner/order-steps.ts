import type { Step, StepKind } from '../model/step.ts';

/** Where dependencies leave a choice: build up before taking away, the root before who reads from it. */
const ranks: Readonly<Record<StepKind, number>> = {
  install_schemas: 0,
  create_root: 1,
  reopen_root: 1,
  fence_root: 1,
  rename_node: 1.5,
  rename_table: 1.6,
  set_location: 2,
  set_ticker: 2,
  create_branch: 3,
  create_leaf: 3.5,
  move_root: 3.6,
  replace_root: 3.6,
  change_provider: 3.7,
  change_role: 3.8,
  remove_subscription: 3.9,
  restore_triggers: 4,
  create_schema: 5,
  create_type: 6,
  create_sequence: 7,
  create_table: 8,
  add_table: 9,
  change_table: 10,
  set_table_options: 10,
  resync_table: 10,
  add_sequence: 11,
  execute_file: 12,
  remove_table: 13,
  remove_sequence: 14,
  drop_node: 15,
};

/**
 * An order that satisfies `dependsOn`, the same for the same steps. A dependency that is not among the steps is
 * already met, and is left out of the result.
 */
export function orderSteps(steps: readonly Step[]): Step[] {
  const byId = new Map(steps.map((step) => [step.id, step]));
  const ordered = new Set<Step>();
  const waiting = new Set<Step>();
  const visit = (step: Step): void => {
    if (ordered.has(step)) return;
    if (waiting.has(step)) throw new Error(`steps depend on each other in a circle at ${step.id}`);
    waiting.add(step);
    for (const id of step.dependsOn) {
      const before = byId.get(id);
      if (before !== undefined) visit(before);
    }
    waiting.delete(step);
    ordered.add(step);
  };
  for (const step of byRank(steps)) visit(step);
  return [...ordered].map((step) =>
    step.dependsOn.every((id) => byId.has(id))
      ? step
      : { ...step, dependsOn: step.dependsOn.filter((id) => byId.has(id)) },
  );
}

function byRank(steps: readonly Step[]): Step[] {
  const lists = new Map<number, Step[]>();
  for (const step of steps) {
    const rank = rankOf(step);
    const list = lists.get(rank);
    if (list === undefined) lists.set(rank, [step]);
    else list.push(step);
  }
  return [...lists].sort(([left], [right]) => left - right).flatMap(([, list]) => list);
}

function rankOf(step: Step): number {
  const behindRoot = 'role' in step && step.role !== 'root' ? 0.5 : 0;
  // Taking away goes the other way round.
  return step.kind === 'remove_table' ? ranks[step.kind] + 0.5 - behindRoot : ranks[step.kind] + behindRoot;
}
