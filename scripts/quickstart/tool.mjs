import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const program = fileURLToPath(new URL('../../bin/run.js', import.meta.url));

/** Runs `trunkline …` and gives its exit status and standard output; its standard error goes where ours does. */
export async function trunkline(args, { file, show = false }) {
  const child = spawn(process.execPath, [program, ...args, '-f', file], {
    stdio: ['ignore', 'pipe', show ? 2 : 'pipe'],
  });
  let output = '';
  let errors = '';
  child.stdout.setEncoding('utf8').on('data', (text) => {
    output += text;
    if (show) process.stderr.write(text);
  });
  child.stderr?.setEncoding('utf8').on('data', (text) => {
    errors += text;
  });
  const status = await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  return { status, output, errors };
}

/** The same, for a step that must not fail. */
export async function must(args, options) {
  const result = await trunkline(args, options);
  if (result.status === 0) return result;
  throw new Error(
    `trunkline ${args.join(' ')} ended with ${result.status}\n${result.errors}${options.show ? '' : result.output}`,
  );
}

/** Starts `trunkline run`; `stop` ends it as an operator would and waits. */
export function startRun(file, onText) {
  const child = spawn(process.execPath, [program, 'run', '-f', file], {
    stdio: ['ignore', 'ignore', onText === undefined ? 'inherit' : 'pipe'],
  });
  const ended = new Promise((resolve) => child.once('close', resolve));
  child.stderr?.setEncoding('utf8').on('data', onText);
  return {
    async stop() {
      child.kill('SIGTERM');
      await ended;
    },
    get running() {
      return child.exitCode === null && child.signalCode === null;
    },
  };
}
