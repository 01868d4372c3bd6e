import { Flags } from '@oclif/core';
import { sandboxStatus, sandboxWipe } from '../../../app/sandbox.ts';
import { ToolError } from '../../../model/problem.ts';
import { sandboxServerJson } from '../../../render/sandbox-json.ts';
import { sandboxChangesText, sandboxStatusText } from '../../../render/sandbox-text.ts';
import { BaseCommand } from '../../base-command.ts';
import { confirm } from '../../confirm.ts';
import { databaseArgs } from '../../sandbox-names.ts';

export class SandboxWipeCommand extends BaseCommand {
  static override summary = 'Delete embedded servers with their data.';
  static override description = 'Shows them and asks first. A server that runs is stopped. There is no way back.';
  static override examples = ['<%= config.bin %> <%= command.id %>', '<%= config.bin %> <%= command.id %> dst1 --yes'];
  static override strict = false;
  static override args = databaseArgs;
  static override flags = {
    yes: Flags.boolean({ char: 'y', description: 'Do not ask.' }),
  };

  async run(): Promise<void> {
    const { flags, argv } = await this.parse(SandboxWipeCommand);
    const options = { files: flags.file, names: argv.map(String) };
    const found = sandboxStatus(options);
    if (found.length > 0 && !flags.yes) {
      this.note(sandboxStatusText(found, this.errorPaint));
      const sure = await confirm('Delete all data of these servers? Only "yes" is taken for a yes: ');
      if (!sure) throw new ToolError([{ code: 'wipe_not_confirmed' }]);
    }
    // Only what was shown: a server that came into being meanwhile was not agreed to.
    const changes = found.length === 0 ? [] : await sandboxWipe({ ...options, names: found.map(({ name }) => name) });
    if (flags.json) {
      const servers = changes.map(({ server, changed }) => ({
        ...sandboxServerJson({ ...server, pid: undefined, ready: false }),
        wiped: changed,
      }));
      this.printJson({ servers });
    } else {
      const words = { changed: 'deleted', unchanged: 'was not there', none: 'There are no embedded servers here.' };
      this.print(sandboxChangesText(changes, words));
    }
  }
}
