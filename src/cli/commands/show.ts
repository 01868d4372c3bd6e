import { Args, Flags } from '@oclif/core';
import { readSavedPlan } from '../../app/saved-plan.ts';
import { planJson } from '../../render/plan-json.ts';
import { planMarkdown } from '../../render/plan-markdown.ts';
import { planText } from '../../render/plan-text.ts';
import { ToolCommand } from '../base-command.ts';

export class ShowCommand extends ToolCommand {
  static override summary = 'Print a saved plan.';
  static override description =
    'Reads the file alone: no database is asked. What it prints is what "trunkline plan" has printed when the plan was saved.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> change.plan',
    '<%= config.bin %> <%= command.id %> change.plan --markdown > comment.md',
  ];
  static override args = {
    planfile: Args.string({ required: true, description: 'A plan that "plan --out" saved.' }),
  };
  static override flags = {
    json: Flags.boolean({ exclusive: ['markdown'], description: 'Print JSON by schemas/plan.schema.json.' }),
    markdown: Flags.boolean({ description: 'Print Markdown for a comment on a pull request.' }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(ShowCommand);
    const view = await readSavedPlan(args.planfile);
    if (flags.json) {
      this.printJson(planJson(view));
      return;
    }
    this.print(flags.markdown ? planMarkdown(view) : planText(view, this.paint));
    if (!flags.markdown) this.printNotes(view.warnings);
  }
}
