import { basename } from 'node:path';
import { queueName } from '../model/names.ts';
import { ToolError } from '../model/problem.ts';
import type { DesiredState } from '../model/state.ts';
import type { QueueSpec } from '../model/topology.ts';
import { onlyKind } from '../planner/select.ts';
import { type Applied, type ApplyOptions, applyOn } from './apply.ts';
import { openDatabasesOf } from './databases.ts';
import { readConfig } from './read-config.ts';
import { collect } from './read-files.ts';
import { readSqlFile } from './read-migrations.ts';

export interface ExecuteOptions extends Omit<ApplyOptions, 'planFile'> {
  readonly sqlFiles: readonly string[];
  /** Undefined: the only one that there is. */
  readonly queue: string | undefined;
}

export interface Executed extends Applied {
  /** Names of files that have run before, and did not run again. */
  readonly passedOver: readonly string[];
}

/** Runs SQL files once on every node of a queue, at the same place in the stream: tried first, shown, and asked for. */
export async function execute(options: ExecuteOptions): Promise<Executed> {
  const desired = await readConfig(options.files, options.env);
  const queue = pickQueue(desired, options.queue);
  const files = await collect(options.sqlFiles.map((path) => readSqlFile(path, basename(path))));
  const wanted = { ...queue, migrations: { dir: '', files, at: queue.at } };
  await using databases = await openDatabasesOf(desired, options);
  const applied = await applyOn({ ...desired, queues: new Map([[queue.name, wanted]]) }, databases, {
    ...options,
    select: (whole) => onlyKind(whole, 'execute_file'),
    keepsRecord: false,
  });
  const ran = new Set(applied.plan.steps.flatMap((step) => (step.kind === 'execute_file' ? [step.file.name] : [])));
  return { ...applied, passedOver: files.map(({ name }) => name).filter((name) => !ran.has(name)) };
}

function pickQueue(desired: DesiredState, name: string | undefined): QueueSpec {
  const known = [...desired.queues.keys()];
  const [only, another] = desired.queues.values();
  const found = name === undefined ? (another === undefined ? only : undefined) : desired.queues.get(queueName(name));
  if (found !== undefined) return found;
  if (name !== undefined) throw new ToolError([{ code: 'name_unknown', what: 'queue', name, known }]);
  const detail = `the files have ${known.length === 0 ? 'no queue' : `several queues (${known.join(', ')}): say which one with --queue`}`;
  throw new ToolError([{ code: 'usage_invalid', command: 'execute', detail }]);
}
