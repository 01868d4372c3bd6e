import { Args, Flags } from '@oclif/core';
import { type Applied, apply } from '../../app/apply.ts';
import { isIncomplete } from '../../app/plan.ts';
import { type HazardKind, hazardKinds } from '../../model/hazard.ts';
import { appliedJson, appliedText } from '../../render/applied.ts';
import { describeStep } from '../../render/describe-step.ts';
import { planText } from '../../render/plan-text.ts';
import { BaseCommand } from '../base-command.ts';
import { confirm } from '../confirm.ts';
import { exitCodes } from '../exit-codes.ts';
import { createProgress } from '../progress.ts';

export class ApplyCommand extends BaseCommand {
  static override summary = 'Bring the databases to what the files say.';
  static override description =
    'Shows the plan, asks, and carries it out with progress; a saved plan runs without asking, as it was reviewed or not at all. Steps that may cost rows, events or time need consent by --allow, or by allow: in the file. It may be ended at any point: the next plan shows what is left.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --auto-approve --allow copies-data',
    '<%= config.bin %> <%= command.id %> change.plan --allow copies-data,truncates-target',
  ];
  static override args = {
    planfile: Args.string({ required: false, description: 'A plan that "plan --out" saved.' }),
  };
  static override flags = {
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

  async run(): Promise<void> {
    const { flags, args } = await this.parse(ApplyCommand);
    const signal = this.stopSignal();
    const display = createProgress({ stream: process.stderr, paint: this.errorPaint, json: flags.json });
    const asked = !flags['auto-approve'] && args.planfile === undefined;
    // With --json standard output is for the result alone.
    const tell = (text: string) => (flags.json ? this.note(text) : this.print(text));
    const applied = await apply({
      files: flags.file,
      planFile: args.planfile,
      env: process.env,
      allow: flags.allow,
      lockTimeoutMs: flags['lock-timeout'] * 1000,
      describe: describeStep,
      show: ({ plan, desired, allowed }) => {
        tell(planText(plan, desired, allowed, flags.json ? this.errorPaint : this.paint));
        this.printWarnings(plan.warnings);
      },
      confirm: asked ? () => confirm('Carry this out? Only "yes" goes on: ', signal) : undefined,
      report: display.report,
      signal,
    }).finally(() => display.stop());
    this.finish(applied, flags.json);
  }

  private finish(applied: Applied, json: boolean): void {
    if (json) this.printJson(appliedJson(applied.plan, applied.walked));
    else if (applied.walked !== undefined) this.print(appliedText(applied.plan, this.paint));
    if (isIncomplete(applied.plan)) this.endWith(exitCodes.failed);
  }
}
