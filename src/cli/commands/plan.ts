import { Flags } from '@oclif/core';
import { planDestroy } from '../../app/destroy.ts';
import { isIncomplete, plan } from '../../app/plan.ts';
import { appendReport, writeReport } from '../../app/report-files.ts';
import { writeSavedPlan } from '../../app/saved-plan.ts';
import { isDifferent, type PlanView } from '../../model/plan-view.ts';
import { gitlabReport } from '../../render/ci.ts';
import { planJson } from '../../render/plan-json.ts';
import { planMarkdown } from '../../render/plan-markdown.ts';
import { planText } from '../../render/plan-text.ts';
import { planView } from '../../render/plan-view.ts';
import { acceptServerFlag } from '../accept-server-flag.ts';
import { BaseCommand } from '../base-command.ts';
import { exitCodes } from '../exit-codes.ts';
import { createProgress } from '../progress.ts';
import { selectionFlags, selectionOf } from '../selection-flags.ts';

export class PlanCommand extends BaseCommand {
  static override summary = 'Show what apply would do. Changes nothing.';
  static override description =
    'Compares the files with the databases, and tells what was changed in the files from what drifted in a database since the last apply. A database that does not answer is left out, and the command then ends with status 1. On GitHub the plan also goes to the summary of the job.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --out change.plan && <%= config.bin %> apply change.plan',
    '<%= config.bin %> <%= command.id %> --drift-only --detailed-exitcode',
    '<%= config.bin %> <%= command.id %> --markdown > comment.md',
    "<%= config.bin %> <%= command.id %> --target 'replika/dst1/app.user_*'",
  ];
  static override flags = {
    out: Flags.string({ helpValue: 'FILE', description: 'Save the plan, for apply to run as it was reviewed.' }),
    destroy: Flags.boolean({
      description: 'Show what destroy would do instead.',
      exclusive: ['out'],
    }),
    markdown: Flags.boolean({
      exclusive: ['json'],
      description: 'Print Markdown for a comment on a pull request: at most 65,000 characters, steps folded up.',
    }),
    'gitlab-report': Flags.string({
      helpValue: 'FILE',
      description: 'Write the counts for GitLab, to be named under artifacts: reports: terraform.',
    }),
    'detailed-exitcode': Flags.boolean({
      description: 'End with status 2 when there is something to do; with --drift-only, when there is any drift.',
    }),
    ...selectionFlags,
    ...acceptServerFlag,
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
      selection: selectionOf(flags),
      acceptServer: flags['accept-server'],
    }).finally(() => display.stop());
    const view = planView(made, desired);
    await this.save(view, flags.out, flags['gitlab-report']);
    if (flags.json) this.printJson(planJson(view));
    else this.print(flags.markdown ? planMarkdown(view) : planText(view, this.paint));
    this.printWarnings(made.warnings);
    if (isIncomplete(made)) this.endWith(exitCodes.failed);
    else if (flags['detailed-exitcode'] && isDifferent(view, flags['drift-only'])) this.endWith(exitCodes.different);
  }

  private async save(view: PlanView, out: string | undefined, gitlab: string | undefined): Promise<void> {
    if (out !== undefined) await writeSavedPlan(out, `${JSON.stringify(planJson(view), null, 2)}\n`);
    if (gitlab !== undefined) await writeReport(gitlab, `${JSON.stringify(gitlabReport(view))}\n`);
    await appendReport(process.env.GITHUB_STEP_SUMMARY, () => planMarkdown(view));
  }
}
