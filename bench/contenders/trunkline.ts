import type { FreshDatabase } from '../../test/support/database.ts';
import { type RunningProgram, runProgram, startProgram, temporaryFile } from '../../test/support/program.ts';
import type { Contender } from '../support/contender.ts';

import { tablesInSync } from '../support/tables-in-sync.ts';
import { replicated } from '../support/workload.ts';

/** Our own program, all defaults, on our own SQL. */
export const trunkline: Contender = {
  name: 'trunkline',
  async prepare(pair) {
    const cascade = await ownCascade(pair.source, [pair.target], replicated);
    const source = cascade.run('source');
    let target: RunningProgram | undefined = cascade.run('target');
    await tablesInSync(pair.target, () => target?.output ?? '');
    await target.kill('SIGTERM');
    return {
      pids: [source.child.pid as number],
      async start() {
        target = cascade.run('target');
        return [target.child.pid as number];
      },
      async stop() {
        for (const program of [target, source]) await program?.kill('SIGTERM');
        cascade[Symbol.dispose]();
      },
    };
  },
};

export interface OwnCascade extends Disposable {
  /** Of what was applied. */
  readonly file: string;
  /** A process for these nodes. */
  run(...nodes: readonly string[]): RunningProgram;
}

/** A root and leaves, each named as its database, applied, with nobody at work. */
export async function ownCascade(
  source: FreshDatabase,
  leaves: readonly FreshDatabase[],
  tables: readonly string[],
  options = '',
): Promise<OwnCascade> {
  const file = temporaryFile('trunkline.yaml', yaml(source, leaves, tables, options));
  const consent = ['--allow', 'copies-data', '--allow', 'truncates-target'];
  const applied = await runProgram(['apply', '-f', file.path, '--auto-approve', ...consent]);
  if (applied.status !== 0) throw new Error(applied.stderr);
  return {
    file: file.path,
    run: (...nodes) => startProgram(['run', '-f', file.path, ...nodes.flatMap((node) => ['--node', node])]),
    [Symbol.dispose]: () => file[Symbol.dispose](),
  };
}

function yaml(
  source: FreshDatabase,
  leaves: readonly FreshDatabase[],
  tables: readonly string[],
  options: string,
): string {
  return `version: 1
databases:
${[source, ...leaves].map(({ name, url }) => `  ${name}: { url: "${url}", engine: bundled }`).join('\n')}
queues:
  q:
    nodes:
      ${source.name}: { database: ${source.name}, role: root }
${leaves.map(({ name }) => `      ${name}: { database: ${name}, role: leaf, provider: ${source.name} }`).join('\n')}
    tables: [${tables.map((name) => `{ name: ${name}${options} }`).join(', ')}]
`;
}
