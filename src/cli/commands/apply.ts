import { Args } from '@oclif/core';
import { apply } from '../../app/apply.ts';
import { isIncomplete } from '../../app/plan.ts';
import { acceptServerFlag } from '../accept-server-flag.ts';
import { ApplyingCommand, applyingFlags } from '../applying-command.ts';
import { exitCodes } from '../exit-codes.ts';
import { selectionFlags, selectionOf } from '../selection-flags.ts';

export class ApplyCommand extends ApplyingCommand {
  static override summary = 'Bring the databases to what the files say.';
  static override description =
    'Shows the plan, asks, and carries it out with progress; a saved plan runs without asking, as it was reviewed or not at all. Steps that may cost rows, events or time need consent by --allow, or by allow: in the file. It may be ended at any point: the next plan shows what is left. With --json it prints one object a line, by schemas/apply-events.schema.json.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --auto-approve --allow copies-data',
    '<%= config.bin %> <%= command.id %> change.plan --allow copies-data,truncates-target',
  ];
  static override args = {
    planfile: Args.string({ required: false, description: 'A plan that "plan --out" saved.' }),
  };
  static override flags = { ...applyingFlags, ...selectionFlags, ...acceptServerFlag };

  async run(): Promise<void> {
    const { flags, args } = await this.parse(ApplyCommand);
    const asked = !flags['auto-approve'] && args.planfile === undefined;
    const applied = await this.applying(flags, { asked }, (options) =>
      apply({
        ...options,
        planFile: args.planfile,
        selection: selectionOf(flags),
        acceptServer: flags['accept-server'],
      }),
    );
    await this.finish(applied, flags.json);
    if (isIncomplete(applied.plan)) this.endWith(exitCodes.failed);
  }
}
