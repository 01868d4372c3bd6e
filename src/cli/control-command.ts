import { Args } from '@oclif/core';
import type { ControlOptions } from '../app/tell-workers.ts';
import type { Problem } from '../model/problem.ts';
import { problemsText } from '../render/describe-problem.ts';
import { BaseCommand } from './base-command.ts';
import { exitCodes } from './exit-codes.ts';
import { createProgress } from './progress.ts';

interface ControlFlags {
  readonly file: readonly string[];
  readonly json: boolean;
  readonly queue?: readonly string[] | undefined;
  readonly timeout: number;
}

/** For a command that takes any number of nodes: oclif knows the first of them. */
export const anyNodes = {
  node: Args.string({
    required: false,
    description: 'A node of the file; more may follow. All where none is named.',
  }),
};

/** Of commands that ask something of nodes, and wait until it is so. */
export abstract class ControlCommand extends BaseCommand {
  protected controlling<Result>(
    flags: ControlFlags,
    nodes: readonly unknown[],
    work: (options: ControlOptions) => Promise<Result>,
  ): Promise<Result> {
    const signal = this.stopSignal();
    const display = createProgress({ stream: process.stderr, paint: this.errorPaint, json: flags.json });
    return work({
      files: flags.file,
      queues: flags.queue ?? [],
      nodes: nodes.map(String),
      timeoutMs: flags.timeout,
      env: process.env,
      report: display.report,
      signal,
    }).finally(() => display.stop());
  }

  /** What went well was told before. */
  protected tellProblems(problems: readonly Problem[]): void {
    if (problems.length === 0) return;
    this.note(problemsText(problems, this.errorPaint));
    this.endWith(exitCodes.failed);
  }
}
