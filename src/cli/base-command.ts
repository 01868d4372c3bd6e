import { closeSync, openSync } from 'node:fs';
import { Command, Errors, Flags } from '@oclif/core';
import type { PlanView } from '../model/plan-view.ts';
import { type Problem, ToolError } from '../model/problem.ts';
import { githubAnnotations } from '../render/ci.ts';
import { problemJson, problemsText } from '../render/describe-problem.ts';
import { type Paint, paintWith, wantsColour } from '../render/paint.ts';
import { type ExitCode, exitCodes } from './exit-codes.ts';
import { tell, writeOut } from './output.ts';

/** What every command shares: colour, problems on standard error, exit codes. Most want {@link BaseCommand}. */
export abstract class ToolCommand extends Command {
  static override baseFlags = {
    color: Flags.boolean({
      allowNo: true,
      description: 'Colour the output, or not; the default is colour on a terminal.',
      helpGroup: 'GLOBAL',
    }),
  };

  #stop: AbortSignal | undefined;

  /** For text on standard output. */
  protected get paint(): Paint {
    return this.paintFor(process.stdout);
  }

  /** For text on standard error. */
  protected get errorPaint(): Paint {
    return this.paintFor(process.stderr);
  }

  /** The command ends with this status once `run` returns. */
  protected endWith(code: ExitCode): void {
    process.exitCode = code;
  }

  /** Text on standard output, ending with one line feed. */
  protected print(text: string): void {
    writeOut(process.stdout, text.endsWith('\n') ? text : `${text}\n`);
  }

  protected printJson(value: unknown): void {
    this.print(JSON.stringify(value, null, 2));
  }

  /** Text on standard error: notes, progress, warnings. */
  protected note(text: string): void {
    tell(process.stderr, text.endsWith('\n') ? text : `${text}\n`);
  }

  protected printWarnings(warnings: readonly Problem[]): void {
    if (warnings.length > 0) this.note(problemsText(warnings, this.errorPaint, 'warning'));
    this.annotate(warnings, 'warning');
  }

  /** Problems of an earlier run, which only their words are left of. */
  protected printNotes(notes: PlanView['warnings']): void {
    for (const { origin, message, hint, file, line, column } of notes) {
      const kind = origin === 'drift' ? 'drift' : 'warning';
      const word = file === null ? kind : `${file}:${line}:${column}  ${kind}:`;
      this.note(`${this.errorPaint.warned(word)}  ${message}${hint === null ? '' : `\n${hint}`}`);
    }
  }

  protected printProblemsJson(problems: readonly Problem[]): void {
    this.printJson({ problems: problems.map(problemJson) });
  }

  /** On standard error, where GitHub reads its commands as well: standard output may be JSON. */
  private annotate(problems: readonly Problem[], level: 'error' | 'warning'): void {
    if (process.env.GITHUB_ACTIONS !== 'true') return;
    for (const line of githubAnnotations(problems, level)) this.note(line);
  }

  /**
   * Aborts on the first Ctrl-C or SIGTERM, so that a long command can end in order; a second one ends the process at
   * once. So does the end of the terminal, unless `onHangup` takes it.
   */
  protected stopSignal(onHangup?: () => void): AbortSignal {
    const controller = new AbortController();
    this.#stop = controller.signal;
    const stop = () => {
      if (controller.signal.aborted) process.exit(exitCodes.failed);
      controller.abort();
    };
    process.on('SIGINT', stop);
    process.on('SIGTERM', stop);
    const onTerminal = process.stdin.isTTY === true;
    process.on('SIGHUP', () => {
      if (onHangup === undefined || (onTerminal && terminalIsGone())) stop();
      else onHangup();
    });
    return controller.signal;
  }

  protected override async init(): Promise<void> {
    await super.init();
    process.stderr.on('error', ignoreClosedPipe);
  }

  protected override async catch(error: Error): Promise<never> {
    if (error instanceof Errors.ExitError) throw error;
    // Who asked it to stop knows why it stopped.
    if (this.#stop?.aborted === true && error.name === 'AbortError') {
      this.note('Stopped.');
      throw new Errors.ExitError(exitCodes.failed);
    }
    let problems = await this.problemsOf(error);
    if (this.gives('--json') && 'json' in { ...this.ctor.baseFlags, ...this.ctor.flags }) {
      try {
        this.printProblemsJson(problems);
      } catch (unwritable) {
        const more = (await this.problemsOf(unwritable)).filter(({ code }) =>
          problems.every((told) => told.code !== code),
        );
        problems = [...problems, ...more];
      }
    }
    this.note(problemsText(problems, this.errorPaint));
    this.annotate(problems, 'error');
    if (process.env.DEBUG?.split(/[\s,]+/).includes('trunkline')) this.note(error.stack ?? String(error));
    throw new Errors.ExitError(exitCodeOf(problems));
  }

  private async problemsOf(error: unknown): Promise<readonly Problem[]> {
    if (error instanceof ToolError) return error.problems;
    if (error instanceof Errors.CLIError) {
      const [detail = ''] = error.message.split('\nSee more help with');
      return [{ code: 'usage_invalid', command: this.id?.replaceAll(':', ' '), detail }];
    }
    const { serverError } = await import('../app/server-error.ts');
    return [serverError(error) ?? { code: 'unexpected', detail: describeDefect(error) }];
  }

  private paintFor(stream: NodeJS.WriteStream): Paint {
    const flag = this.gives('--no-color') ? false : this.gives('--color') ? true : undefined;
    return paintWith(wantsColour({ flag, env: process.env, terminal: stream.isTTY === true }));
  }

  /** Looks at the words themselves: problems are printed also where the flags could not be parsed. */
  private gives(flag: string): boolean {
    const end = this.argv.indexOf('--');
    return (end < 0 ? this.argv : this.argv.slice(0, end)).includes(flag);
  }
}

/** A command about the files: `-f` and `--json` beside what every command has. */
export abstract class BaseCommand extends ToolCommand {
  static override baseFlags = {
    ...ToolCommand.baseFlags,
    file: Flags.string({
      char: 'f',
      multiple: true,
      multipleNonGreedy: true,
      default: ['trunkline.yaml'],
      helpValue: 'PATH',
      description: 'The file, or a directory of files that are merged. May be given more than once.',
      helpGroup: 'GLOBAL',
    }),
    json: Flags.boolean({
      description: 'Print JSON on standard output, and nothing else there.',
      helpGroup: 'GLOBAL',
    }),
  };
}

/** 3 and 4 are promises to scripts: they hold only where nothing else went wrong as well. */
export function exitCodeOf(problems: readonly Problem[]): ExitCode {
  const codes = new Set(problems.map(exitCodeOfOne));
  const [only] = codes;
  return codes.size === 1 && only !== undefined ? only : exitCodes.failed;
}

function exitCodeOfOne(problem: Problem): ExitCode {
  switch (problem.code) {
    case 'consent_missing':
      return exitCodes.consentMissing;
    case 'plan_outdated':
    case 'step_outdated':
    case 'apply_locked':
      return exitCodes.outdatedOrLocked;
    default:
      return exitCodes.failed;
  }
}

/** The name of the place comes along: a defect of a long run may not come again when it is asked to. */
function describeDefect(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const [, place] =
    /\n\s+at (?![^\n]*node_modules)[^\n]*?(?:dist|src)\/([^\n)]+:\d+):\d+/.exec(error.stack ?? '') ?? [];
  return `${error.name}: ${error.message}${place === undefined ? '' : ` (${place})`}`;
}

/** Tells the signal of a closed terminal from one that somebody sent. */
function terminalIsGone(): boolean {
  try {
    closeSync(openSync('/dev/tty', 'r'));
    return false;
  } catch {
    return true;
  }
}

/** Whoever reads us has left, as `head` does. oclif does the same for standard output. */
function ignoreClosedPipe(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error;
}
