import { Flags } from '@oclif/core';
import type { ApplyOptions, ShownPlan } from '../app/apply.ts';
import { type HazardKind, hazardKinds } from '../model/hazard.ts';
import { describeStep } from '../render/describe-step.ts';
import { planText } from '../render/plan-text.ts';
import { BaseCommand } from './base-command.ts';
import { confirm } from './confirm.ts';
import { createProgress } from './progress.ts';

/** Of every command that shows a plan, asks, and carries it out. */
export const applyingFlags = {
  'auto-approve': Flags.boolean({ description: 'Do not ask. Consent to hazards is a matter of its own.' }),
  allow: Flags.option({
    options: hazardKinds,
    multiple: true,
    multipleNonGreedy: true,
    delimiter: ',',
    default: async (): Promise<HazardKind[]> => [],
    helpValue: 'HAZARD,…',
    description: `Consent to these hazards: ${hazardKinds.join(', ')}.`,
  })(),
  'lock-timeout': Flags.integer({
    default: 0,
    min: 0,
    helpValue: 'SECONDS',
    description: 'How long to wait while somebody else applies.',
  }),
};

interface ApplyingFlags {
  readonly file: readonly string[];
  readonly json: boolean;
  readonly allow: readonly HazardKind[];
  readonly 'lock-timeout': number;
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
    return work({
      files: flags.file,
      env: process.env,
      allow: flags.allow,
      lockTimeoutMs: flags['lock-timeout'] * 1000,
      describe: describeStep,
      show: (shown) => this.show(shown, flags.json),
      confirm: asked ? () => confirm('Carry this out? Only "yes" goes on: ', signal) : undefined,
      report: display.report,
      signal,
    }).finally(() => display.stop());
  }

  /** With --json standard output is for the result alone. */
  private show({ plan, desired, allowed }: ShownPlan, json: boolean): void {
    const text = planText(plan, desired, allowed, json ? this.errorPaint : this.paint);
    if (json) this.note(text);
    else this.print(text);
    this.printWarnings(plan.warnings);
  }
}
