import { sandboxStatus } from '../../../app/sandbox.ts';
import { sandboxServerJson } from '../../../render/sandbox-json.ts';
import { sandboxStatusText } from '../../../render/sandbox-text.ts';
import { BaseCommand } from '../../base-command.ts';
import { databaseArgs } from '../../sandbox-names.ts';

export class SandboxStatusCommand extends BaseCommand {
  static override summary = 'List the embedded servers: version, address, size, and whether they run.';
  static override description =
    'Starts and stops nothing. The sizes are those of the data directories below .trunkline, beside the file.';
  static override examples = ['<%= config.bin %> <%= command.id %>', '<%= config.bin %> <%= command.id %> --json'];
  static override strict = false;
  static override args = databaseArgs;

  async run(): Promise<void> {
    const { flags, argv } = await this.parse(SandboxStatusCommand);
    const servers = sandboxStatus({ files: flags.file, names: argv.map(String) });
    if (flags.json) this.printJson({ servers: servers.map(sandboxServerJson) });
    else this.print(sandboxStatusText(servers, this.paint));
  }
}
