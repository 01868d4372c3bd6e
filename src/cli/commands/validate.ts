import { Flags } from '@oclif/core';
import { validateFiles } from '../../app/validate.ts';
import { BaseCommand } from '../base-command.ts';

export class ValidateCommand extends BaseCommand {
  static override summary = 'Check the files, without a database.';
  static override description =
    'Every problem is told at once, with its file, line and column. With --resolved the outcome of all defaults is printed.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> -f conf.d --resolved',
  ];
  static override flags = {
    resolved: Flags.boolean({
      description: 'Print what the files come to, as YAML (or JSON with --json). Passwords read ***.',
    }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(ValidateCommand);
    const { desired, resolved, resolvedText } = await validateFiles(flags.file, process.env);
    const counts = { databases: desired.databases.size, queues: desired.queues.size };
    if (flags.json) {
      this.printJson({ problems: [], ...counts, ...(flags.resolved ? { resolved } : {}) });
    } else if (flags.resolved) {
      this.print(resolvedText);
    } else {
      this.print(
        `${this.paint.done('valid')}  ${flags.file.join(', ')}: databases ${counts.databases}, queues ${counts.queues}`,
      );
    }
  }
}
