import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const program = fileURLToPath(new URL('../../bin/run.js', import.meta.url));

export interface ProgramResult {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The built program as a process of its own. */
export interface RunningProgram {
  readonly child: ChildProcess;
  readonly result: Promise<ProgramResult>;
  /** Standard output so far. */
  readonly output: string;
  kill(signal: NodeJS.Signals): Promise<ProgramResult>;
}

export interface ProgramOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** A file in the place of standard output, or of error as well. */
  readonly into?: { readonly fd: number; readonly errors: boolean };
}

export function startProgram(args: readonly string[], options: ProgramOptions = {}): RunningProgram {
  const child = spawn(process.execPath, [program, ...args], {
    cwd: options.cwd,
    // Whether the tests run in a CI system is none of the program's business here.
    env: { ...process.env, GITHUB_ACTIONS: '', GITHUB_STEP_SUMMARY: '', NO_COLOR: '1', ...options.env },
    stdio: ['ignore', options.into?.fd ?? 'pipe', options.into?.errors === true ? options.into.fd : 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const result = new Promise<ProgramResult>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (status, signal) => resolve({ status, signal, stdout, stderr }));
  });
  return {
    child,
    result,
    get output() {
      return stdout;
    },
    kill(signal) {
      child.kill(signal);
      return result;
    },
  };
}

export function runProgram(args: readonly string[], options: ProgramOptions = {}): Promise<ProgramResult> {
  return startProgram(args, options).result;
}

/** A file of its own folder, deleted with it. */
export function temporaryFile(name: string, text: string): { readonly path: string; [Symbol.dispose](): void } {
  const folder = mkdtempSync(join(tmpdir(), 'trunkline-test-'));
  const path = join(folder, name);
  writeFileSync(path, text);
  return { path, [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }) };
}
