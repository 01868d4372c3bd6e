import { Args, Flags } from '@oclif/core';
import { uninstall } from '../../app/uninstall.ts';
import { uninstallText } from '../../render/uninstall-text.ts';
import { BaseCommand } from '../base-command.ts';
import { confirm } from '../confirm.ts';
import { createProgress } from '../progress.ts';

export class UninstallCommand extends BaseCommand {
  static override summary = 'Take away from a database what apply has installed there.';
  static override description =
    'Lists the schemas and asks for the name of the database. Refuses while the database has queues or nodes, and where something that is not ours lies in the schemas or depends on them. Roles, tables of yours, and extensions that were there before stay.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> dst1',
    '<%= config.bin %> <%= command.id %> dst1 --yes',
  ];
  static override strict = false;
  static override args = {
    database: Args.string({ required: true, description: 'A database of the file; more may follow.' }),
  };
  static override flags = {
    yes: Flags.boolean({ char: 'y', description: 'Do not ask.' }),
    force: Flags.boolean({
      description: 'Also while it has queues: they go with all their events, triggers and nodes.',
    }),
  };

  async run(): Promise<void> {
    const { flags, argv } = await this.parse(UninstallCommand);
    const signal = this.stopSignal();
    const display = createProgress({ stream: process.stderr, paint: this.errorPaint, json: flags.json });
    const gone = await uninstall({
      files: flags.file,
      names: argv.map(String),
      force: flags.force,
      env: process.env,
      show: (seen) => {
        if (flags.json) this.note(uninstallText(seen, this.errorPaint));
        else this.print(uninstallText(seen, this.paint));
      },
      confirm: flags.yes
        ? undefined
        : (database) => confirm(`Type the name of the database to take this away from ${database}: `, signal, database),
      report: display.report,
      signal,
    }).finally(() => display.stop());
    if (flags.json) this.printJson({ databases: gone });
    else if (gone.length > 0) this.print(`Taken away from ${gone.map(({ database }) => database).join(', ')}.`);
  }
}
