import { editRoot } from '../config/edit-root.ts';
import { load } from '../config/load.ts';
import type { Source } from '../config/parse.ts';
import { type NodeName, nodeName } from '../model/names.ts';
import type { Plan } from '../model/plan.ts';
import { type Problem, ToolError } from '../model/problem.ts';
import { type QueueSpec, rootOf } from '../model/topology.ts';
import { onlyQueues } from '../planner/select.ts';
import { type Applied, type ApplyOptions, applyOn } from './apply.ts';
import { openDatabasesOf } from './databases.ts';
import { faultPoints } from './faults.ts';
import { pickPlaces } from './pick-places.ts';
import { lookOn } from './plan.ts';
import { readSchema, readSources } from './read-config.ts';
import { readText } from './read-files.ts';
import { withMigrations } from './read-migrations.ts';
import { replaceFile } from './write-new-file.ts';

/** What a file is to say instead of what it says. */
export interface FileEdit {
  readonly file: string;
  readonly before: string;
  readonly after: string;
}

export interface ChangeRootOptions extends Omit<ApplyOptions, 'planFile' | 'selection'> {
  /** `switchover` waits for the last changes of the root, `failover` goes on without them. */
  readonly kind: 'switchover' | 'failover';
  readonly node: string;
  /** Empty: every queue that has the node. */
  readonly queues: readonly string[];
  /** Shows the plan and the edits, and changes nothing. */
  readonly dryRun: boolean;
  readonly showEdits: (edits: readonly FileEdit[]) => void;
  readonly onWritten: (edit: FileEdit) => void;
}

/**
 * Gives the root's place to another node: in the files, which stay what is wanted, and then in the databases. The files are
 * written once the plan is approved and the locks are held, before its first step: whatever happens after that is finished
 * by the next apply.
 */
export async function changeRoot(options: ChangeRootOptions): Promise<Applied> {
  const { env, signal, kind } = options;
  const loading = { env, schema: JSON.parse(await readSchema()) as object };
  const sources = await readSources(options.files);
  const before = load(sources, loading);
  const node = nodeName(options.node);
  const queues = pickPlaces(before, { queues: options.queues, nodes: [node] }).map(({ queue }) => queue);
  const after = queues
    .filter((queue) => rootOf(queue).name !== node)
    .reduce<readonly Source[]>(
      (texts, { name }) => editRoot(texts, { queue: name, node, redirect: kind === 'failover' }, loading),
      sources,
    );
  const desired = await withMigrations(load(after, loading));
  const edits = editsOf(sources, after);
  options.showEdits(edits);

  await using databases = await openDatabasesOf(desired, options);
  const names = new Set(queues.map(({ name }) => name));
  const look: typeof lookOn = async (...args) => {
    const looked = await lookOn(...args);
    requireKind(looked.plan, kind, queues, node);
    return looked;
  };
  const select = (whole: Plan) => onlyQueues(whole, names);
  if (options.dryRun) {
    const { plan } = await look(desired, databases, signal, { select });
    const allowed = new Set([...desired.allow, ...options.allow]);
    options.show({ desired, plan, allowed });
    return { desired, plan, allowed, walked: undefined };
  }
  let written = false;
  const write = async () => {
    await writeEdits(edits, options.onWritten);
    written = true;
    faultPoints(env)('after-file');
  };
  const applied = await applyOn(desired, databases, { ...options, look, select, begin: write });
  if (!written && edits.length > 0) await writeWithoutSteps(applied, write, options);
  return applied;
}

/** The databases are there already, and the file is to follow. */
async function writeWithoutSteps(
  { plan }: Applied,
  write: () => Promise<void>,
  { confirm }: ChangeRootOptions,
): Promise<void> {
  if (confirm !== undefined && !(await confirm(plan))) throw new ToolError([{ code: 'not_confirmed' }]);
  await write();
}

/** A planned change must not lose what a forced one would, and a forced one must not be made where none is needed. */
function requireKind(plan: Plan, kind: ChangeRootOptions['kind'], queues: readonly QueueSpec[], node: NodeName): void {
  const problems = queues.flatMap((queue): Problem[] => {
    const subject = { queue: queue.name, node };
    return plan.steps.flatMap((step): Problem[] => {
      if (!('queue' in step) || step.queue !== queue.name) return [];
      if (kind === 'failover' && step.kind === 'move_root')
        return [{ code: 'root_answers', ...subject, root: step.from }];
      if (kind === 'switchover' && step.kind === 'replace_root') {
        return [{ code: 'root_silent', ...subject, root: step.from }];
      }
      return [];
    });
  });
  if (problems.length > 0) throw new ToolError(problems);
}

function editsOf(before: readonly Source[], after: readonly Source[]): readonly FileEdit[] {
  return before.flatMap(({ file, text }, index) => {
    const now = after[index]?.text ?? text;
    return now === text ? [] : [{ file, before: text, after: now }];
  });
}

/** None is written unless all are still what was read. */
async function writeEdits(edits: readonly FileEdit[], onWritten: (edit: FileEdit) => void): Promise<void> {
  for (const { file, before } of edits) {
    if ((await readText(file)) !== before) throw new ToolError([{ code: 'file_edited_meanwhile', file }]);
  }
  for (const edit of edits) {
    await replaceFile(edit.file, edit.after);
    onWritten(edit);
  }
}
