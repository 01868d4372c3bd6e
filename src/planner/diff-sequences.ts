import type { SequenceName } from '../model/names.ts';
import type { Problem } from '../model/problem.ts';
import type { Step } from '../model/step.ts';
import { isKept } from '../model/topology.ts';
import { makeSequenceOnNode } from './create/on-node.ts';
import { createId } from './diff-node.ts';
import type { TableFindings } from './diff-tables.ts';
import { type Findings, mergeFindings } from './findings.ts';
import { anyGlob } from './glob.ts';
import { below, type NodeScene, type Scene } from './scene.ts';
import { stepId } from './step-ids.ts';

/** Its functions are those of the extensions. */
function isOriginal({ triggerArgs }: NodeScene): boolean {
  return triggerArgs.length === 0;
}

/** Sequences follow the tables whose columns own them; patterns bring others. Both are the root's. */
export function diffSequences(scene: Scene, tables: TableFindings): Findings {
  const { queue, root } = scene;
  const included = anyGlob(queue.sequences.include);
  const excluded = anyGlob(queue.sequences.exclude);
  const matched = new Set([...root.database.sequences].filter((name) => included(name) && !excluded(name)));
  const held = new Set(tables.held.flatMap((table) => table.ownedSequences));
  const unmatched = queue.sequences.include.filter((pattern) => ![...root.database.sequences].some(anyGlob([pattern])));
  const warnings: Problem[] = unmatched.map((pattern) => ({
    code: 'pattern_matches_nothing',
    at: queue.sequences.at ?? queue.at,
    queue: queue.name,
    pattern,
  }));
  return mergeFindings([
    { steps: [], warnings, problems: [] },
    ...[root, ...scene.subscribers].map((node) => diffOn(node, wantedOn(node))),
  ]);

  function wantedOn(node: NodeScene): ReadonlySet<SequenceName> {
    const wanted = new Set<SequenceName>();
    if (queue.sequences.owned) {
      for (const table of tables.replicated.get(node.spec.name) ?? []) {
        for (const name of table.ownedSequences) if (!excluded(name)) wanted.add(name);
      }
    }
    for (const name of matched) wanted.add(name);
    return wanted;
  }

  function diffOn(node: NodeScene, wanted: ReadonlySet<SequenceName>): Findings {
    const steps: Step[] = [];
    const missing: Problem[] = [];
    const problems: Problem[] = [];
    const live = node.node?.sequences;
    for (const name of wanted) {
      const taker = tables.taken.get(node.spec.name)?.get(name);
      if (live?.get(name)?.local && taker === undefined) continue;
      if (root.database.fallingSequences.has(name) && isOriginal(node)) {
        const fatal = isOriginal(root);
        const at = queue.sequences.at ?? queue.at;
        // Said once, of who publishes it.
        if (fatal && node === root)
          problems.push({ code: 'sequence_falls', at, queue: queue.name, node: node.spec.name, sequence: name, fatal });
        if (!fatal)
          missing.push({ code: 'sequence_falls', at, queue: queue.name, node: node.spec.name, sequence: name, fatal });
      }
      const maker = tables.made.get(node.spec.name)?.get(name);
      if (node.database.sequences.has(name) || maker !== undefined) {
        steps.push(addStep(node, name, maker ?? taker));
        continue;
      }
      if (tables.apart.get(node.spec.name)?.has(name)) continue;
      const alone = matched.has(name) && !comesWithTable(node, name);
      const made = alone ? makeSequenceOnNode(scene, node, name) : undefined;
      if (made === undefined) {
        const ids = { queue: queue.name, node: node.spec.name, sequence: name };
        missing.push({ code: 'sequence_missing_on_node', ...ids, alone });
        continue;
      }
      steps.push(...made.steps, addStep(node, name, made.step));
      problems.push(...made.problems);
    }
    for (const known of live?.values() ?? []) {
      if (known.local && !wanted.has(known.name) && !held.has(known.name) && !isKept(queue, 'sequence', known.name))
        steps.push(removeStep(node, known.name));
    }
    return { steps, warnings: missing, problems };
  }

  /** Its table is there without it, or is made without it: then it would give no column its values. */
  function comesWithTable(node: NodeScene, name: SequenceName): boolean {
    return (tables.replicated.get(node.spec.name) ?? []).some(({ ownedSequences }) => ownedSequences.includes(name));
  }

  /** Behind the step that makes it, or that would take it away again. */
  function addStep(node: NodeScene, sequence: SequenceName, behind: string | undefined): Step {
    const { name, database, placement } = node.spec;
    const dependsOn = [createId(queue.name, node.spec)];
    if (node !== root) dependsOn.push(stepId.addSequence(queue.name, root.spec.name, sequence));
    if (behind !== undefined) dependsOn.push(behind);
    return {
      id: stepId.addSequence(queue.name, name, sequence),
      kind: 'add_sequence',
      database,
      queue: queue.name,
      node: name,
      sequence,
      role: placement.role,
      rootDatabase: root.spec.database,
      hazards: [],
      dependsOn,
    };
  }

  function removeStep(node: NodeScene, sequence: SequenceName): Step {
    const { name, database } = node.spec;
    return {
      id: stepId.removeSequence(queue.name, name, sequence),
      kind: 'remove_sequence',
      database,
      queue: queue.name,
      node: name,
      sequence,
      hazards: [],
      dependsOn: below(scene, name).map(({ spec }) => stepId.removeSequence(queue.name, spec.name, sequence)),
    };
  }
}
