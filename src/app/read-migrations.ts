import { createHash } from 'node:crypto';
import { dirname, join } from 'node:path';
import { executeKeys, readExecuteHeader } from '../model/execute-attributes.ts';
import type { MigrationFile, MigrationsSpec } from '../model/migration.ts';
import type { QueueName } from '../model/names.ts';
import { type Problem, ToolError } from '../model/problem.ts';
import type { DesiredState } from '../model/state.ts';
import { collect, namesIn, readText } from './read-files.ts';

/** Puts the SQL files of each queue's `migrations:` in. Throws every problem in them at once. */
export async function withMigrations(desired: DesiredState): Promise<DesiredState> {
  const queues = await collect(
    [...desired.queues].map(async ([name, queue]) => {
      const { migrations } = queue;
      if (migrations === undefined) return [name, queue] as const;
      return [name, { ...queue, migrations: { ...migrations, files: await readFolder(name, migrations) } }] as const;
    }),
  );
  return { ...desired, queues: new Map(queues) };
}

async function readFolder(queue: QueueName, { dir, at }: MigrationsSpec): Promise<readonly MigrationFile[]> {
  const folder = join(dirname(at.file), dir);
  const names = await namesIn(folder).catch((error: unknown) => {
    throw error instanceof ToolError ? new ToolError(error.problems.map(ofFolder)) : error;
  });
  const files = names.filter((name) => /^[^.].*\.sql$/.test(name)).sort();
  return collect(files.map((name) => readSqlFile(join(folder, name), name)));

  function ofFolder(problem: Problem): Problem {
    if (problem.code !== 'file_unreadable') return problem;
    const { reason, detail } = problem;
    return { code: 'migrations_unreadable', at, queue, folder, missing: reason === 'missing', detail };
  }
}

/** One SQL file, with the attributes that its first lines give it. `name` is its identity on every node. */
export async function readSqlFile(path: string, name: string): Promise<MigrationFile> {
  const sql = await readText(path, 'sql_missing');
  const header = readExecuteHeader(sql);
  if (header.kind === 'unknown_key') {
    const { key, line } = header;
    throw new ToolError([{ code: 'sql_file_key_unknown', file: path, line, key, known: executeKeys }]);
  }
  return { name, sql, attributes: header.attributes, sha256: createHash('sha256').update(sql).digest('hex') };
}
