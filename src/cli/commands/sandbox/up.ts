import { sandboxUp } from '../../../app/sandbox.ts';
import { sandboxServerJson } from '../../../render/sandbox-json.ts';
import { sandboxStatusText } from '../../../render/sandbox-text.ts';
import { BaseCommand } from '../../base-command.ts';
import { exitCodes } from '../../exit-codes.ts';
import { databaseArgs } from '../../sandbox-names.ts';

export class SandboxUpCommand extends BaseCommand {
  static override summary = 'Start the embedded servers of the files, and leave them running.';
  static override description =
    'A server keeps its data and, while it is free, its port. One that runs already stays as it is. Ctrl-C stops again what was started.';
  static override examples = ['<%= config.bin %> <%= command.id %>', '<%= config.bin %> <%= command.id %> dst1 dst2'];
  static override strict = false;
  static override args = databaseArgs;

  async run(): Promise<void> {
    const { flags, argv } = await this.parse(SandboxUpCommand);
    const signal = this.stopSignal();
    try {
      const changes = await sandboxUp({
        files: flags.file,
        names: argv.map(String),
        env: process.env,
        signal,
        onStart: (name, version, port) => this.note(`${name}: starting PostgreSQL ${version} on 127.0.0.1:${port}`),
      });
      if (flags.json) {
        const servers = changes.map(({ server, changed }) => ({ ...sandboxServerJson(server), started: changed }));
        this.printJson({ servers });
      } else if (changes.length === 0) {
        this.print('The files name no embedded server.');
      } else {
        const servers = changes.map(({ server }) => server);
        this.print(sandboxStatusText(servers, this.paint));
      }
    } catch (error) {
      if (!signal.aborted) throw error;
      this.note('Stopped. The servers that were being started are down again.');
      this.endWith(exitCodes.failed);
    }
  }
}
