import { Flags } from '@oclif/core';
import { planDestroy } from '../../app/destroy.ts';
import { isIncomplete, plan } from '../../app/plan.ts';
import { writeSavedPlan } from '../../app/saved-plan.ts';
import { planJson } from '../../render/plan-json.ts';
import { planText } from '../../render/plan-text.ts';
import { BaseCommand } from '../base-command.ts';
import { exitCodes } from '../exit-codes.ts';
import { createProgress } from '../progress.ts';

export class PlanCommand extends BaseCommand {
  static override summary = 'Show what apply would do. Changes nothing.';
  static override description =
    'Compares the files with the databases. A database that does not answer is left out, and the command then ends with status 1.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --out change.plan && <%= config.bin %> apply change.plan',
    '<%= config.bin %> <%= command.id %> --detailed-exitcode',
  ];
  static override flags = {
    out: Flags.string({ helpValue: 'FILE', description: 'Save the plan, for apply to run as it was reviewed.' }),
    destroy: Flags.boolean({
      description: 'Show what destroy would do instead.',
      exclusive: ['out'],
    }),
    'detailed-exitcode': Flags.boolean({ description: 'End with status 2 when there is something to do.' }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(PlanCommand);
    const signal = this.stopSignal();
    const display = createProgress({ stream: process.stderr, paint: this.errorPaint, json: true });
    const { desired, plan: made } = await (flags.destroy ? planDestroy : plan)({
      files: flags.file,
      env: process.env,
      report: display.report,
      signal,
    }).finally(() => display.stop());
    if (flags.out !== undefined) await writeSavedPlan(flags.out, `${JSON.stringify(planJson(made), null, 2)}\n`);
    if (flags.json) this.printJson(planJson(made));
    else this.print(planText(made, desired, new Set(desired.allow), this.paint));
    this.printWarnings(made.warnings);
    if (isIncomplete(made)) this.endWith(exitCodes.failed);
    else if (flags['detailed-exitcode'] && made.steps.length > 0) this.endWith(exitCodes.different);
  }
}
