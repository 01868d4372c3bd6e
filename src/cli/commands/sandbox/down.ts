import { sandboxDown } from '../../../app/sandbox.ts';
import { sandboxServerJson } from '../../../render/sandbox-json.ts';
import { sandboxChangesText } from '../../../render/sandbox-text.ts';
import { BaseCommand } from '../../base-command.ts';
import { databaseArgs } from '../../sandbox-names.ts';

export class SandboxDownCommand extends BaseCommand {
  static override summary = 'Stop embedded servers. Their data stay.';
  static override description = 'Sessions are ended, whoever holds them.';
  static override examples = ['<%= config.bin %> <%= command.id %>', '<%= config.bin %> <%= command.id %> dst1'];
  static override strict = false;
  static override args = databaseArgs;

  async run(): Promise<void> {
    const { flags, argv } = await this.parse(SandboxDownCommand);
    const changes = await sandboxDown({ files: flags.file, names: argv.map(String) });
    if (flags.json) {
      const servers = changes.map(({ server, changed }) => ({
        ...sandboxServerJson({ ...server, pid: undefined, ready: false }),
        stopped: changed,
      }));
      this.printJson({ servers });
    } else {
      const words = { changed: 'stopped', unchanged: 'was not running', none: 'There are no embedded servers here.' };
      this.print(sandboxChangesText(changes, words));
    }
  }
}
