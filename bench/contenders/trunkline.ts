import { type RunningProgram, runProgram, startProgram, temporaryFile } from '../../test/support/program.ts';
import type { Contender } from '../support/contender.ts';
import type { Pair } from '../support/pair.ts';
import { tablesInSync } from '../support/tables-in-sync.ts';
import { replicated } from '../support/workload.ts';

/** Our own program, all defaults, on our own SQL. */
export const trunkline: Contender = {
  name: 'trunkline',
  async prepare(pair) {
    const cascade = await ownCascade(pair, replicated);
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
        cascade.end();
      },
    };
  },
};

/** A root and a leaf, applied, with nobody at work. */
export async function ownCascade(
  pair: Pair,
  tables: readonly string[],
  options = '',
): Promise<{ run(node: string): RunningProgram; end(): void }> {
  const file = temporaryFile('trunkline.yaml', yaml(pair, tables, options));
  const consent = ['--allow', 'copies-data', '--allow', 'truncates-target'];
  const applied = await runProgram(['apply', '-f', file.path, '--auto-approve', ...consent]);
  if (applied.status !== 0) throw new Error(applied.stderr);
  return {
    run: (node) => startProgram(['run', '-f', file.path, '--node', node]),
    end: () => file[Symbol.dispose](),
  };
}

function yaml({ source, target }: Pair, tables: readonly string[], options: string): string {
  return `version: 1
databases:
  source: { url: "${source.url}", engine: bundled }
  target: { url: "${target.url}", engine: bundled }
queues:
  q:
    nodes:
      source: { database: source, role: root }
      target: { database: target, role: leaf, provider: source }
    tables: [${tables.map((name) => `{ name: ${name}${options} }`).join(', ')}]
`;
}
