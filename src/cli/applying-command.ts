import { Flags } from '@oclif/core';
import type { Applied, ApplyOptions, ShownPlan } from '../app/apply.ts';
import { appendReport } from '../app/report-files.ts';
import { toolVersion } from '../app/version.ts';
import { type HazardKind, hazardKinds } from '../model/hazard.ts';
import type { Plan } from '../model/plan.ts';
import type { Problem } from '../model/problem.ts';
import { appliedText } from '../render/applied.ts';
import {
  type ApplyEvent,
  plannedEvent,
  problemsEvent,
  progressEvent,
  summaryEvent,
  versionEvent,
} from '../render/apply-events.ts';
import { problemSentences } from '../render/describe-problem.ts';
import { describeStep } from '../render/describe-step.ts';
import { planMarkdown } from '../render/plan-markdown.ts';
import { planText } from '../render/plan-text.ts';
import { planView } from '../render/plan-view.ts';
import { approvals } from './approvals.ts';
import { BaseCommand } from './base-command.ts';
import { confirm } from './confirm.ts';
import { createProgress } from './progress.ts';

export const allowFlag = (description: string) =>
  Flags.option({
    options: hazardKinds,
    multiple: true,
    multipleNonGreedy: true,
    delimiter: ',',
    default: async (): Promise<HazardKind[]> => [],
    helpValue: 'HAZARD,…',
    description,
  })();

/** Of every command that shows a plan, asks, and carries it out. */
export const applyingFlags = {
  'auto-approve': Flags.boolean({ description: 'Do not ask. Consent to hazards is a matter of its own.' }),
  allow: allowFlag(`Consent to these hazards: ${hazardKinds.join(', ')}.`),
  'lock-timeout': Flags.integer({
    default: 0,
    min: 0,
    helpValue: 'SECONDS',
    description: 'How long to wait while somebody else applies.',
  }),
  'worker-timeout': Flags.integer({
    default: 60,
    min: 0,
    helpValue: 'SECONDS',
    description: 'How long a step waits for a worker that makes no progress, as when the root moves.',
  }),
};

export interface ApplyingFlags {
  readonly file: readonly string[];
  readonly json: boolean;
  readonly allow: readonly HazardKind[];
  readonly 'lock-timeout': number;
  readonly 'worker-timeout': number;
}

export abstract class ApplyingCommand extends BaseCommand {
  /** Runs `work` with what the flags say of how plans are shown, asked for and carried out. */
  protected async applying<Result>(
    flags: ApplyingFlags,
    { asked }: { readonly asked: boolean },
    work: (options: Omit<ApplyOptions, 'planFile'>) => Promise<Result>,
  ): Promise<Result> {
    const signal = this.stopSignal();
    const display = createProgress({ stream: process.stderr, paint: this.errorPaint, json: flags.json });
    if (flags.json) this.emit(versionEvent(toolVersion()));
    return work({
      files: flags.file,
      env: process.env,
      allow: flags.allow,
      lockTimeoutMs: flags['lock-timeout'] * 1000,
      workerTimeoutMs: flags['worker-timeout'] * 1000,
      describe: describeStep,
      explain: problemSentences,
      show: (shown) => this.show(shown, flags.json),
      confirm: asked ? (plan) => this.approve(plan, signal) : undefined,
      report: (progress) => {
        display.report(progress);
        if (flags.json) this.emit(progressEvent(progress));
      },
      signal,
    }).finally(() => display.stop());
  }

  /** Says how it ended, also where nothing had to be done; `more` is for programs. */
  protected async finish(
    { plan, desired, allowed, walked }: Applied,
    json: boolean,
    more: Readonly<Record<string, unknown>> = {},
  ): Promise<void> {
    const view = planView(plan, desired, allowed);
    if (json) this.emit({ ...summaryEvent(view, walked?.done ?? []), ...more });
    else if (walked !== undefined) this.print(appliedText(view, this.paint));
    await appendReport(process.env.GITHUB_STEP_SUMMARY, () => planMarkdown(view));
  }

  /** One line, as all others of the stream. */
  protected override printProblemsJson(problems: readonly Problem[]): void {
    this.emit(problemsEvent(problems));
  }

  /** With --json standard output is for the events alone. */
  private show({ plan, desired, allowed }: ShownPlan, json: boolean): void {
    const view = planView(plan, desired, allowed);
    if (json) {
      this.emit(plannedEvent(view));
      this.note(planText(view, this.errorPaint));
    } else this.print(planText(view, this.paint));
    this.printWarnings(plan.warnings);
  }

  private async approve(plan: Plan, signal: AbortSignal): Promise<boolean> {
    for (const { question, word } of approvals(plan)) {
      if (!(await confirm(question, signal, word))) return false;
    }
    return true;
  }

  protected emit(event: ApplyEvent): void {
    this.print(JSON.stringify(event));
  }
}
