import { Args } from '@oclif/core';
import { ToolCommand } from '../base-command.ts';
import { completionScripts, shells } from '../completion-scripts.ts';

export class CompletionCommand extends ToolCommand {
  static override summary = 'Print the script that completes commands, flags and names in a shell.';
  static override description =
    'It completes commands and flags, and the nodes, tables, queues and databases of the file that the command line names. Only the names of the file are read, never a database.';
  static override examples = [
    'source <(<%= config.bin %> <%= command.id %> bash)',
    '<%= config.bin %> <%= command.id %> zsh > ~/.zfunc/_trunkline',
    '<%= config.bin %> <%= command.id %> fish > ~/.config/fish/completions/trunkline.fish',
  ];
  static override args = {
    shell: Args.string({ required: true, options: [...shells], description: 'The shell it is for.' }),
  };

  async run(): Promise<void> {
    const { args } = await this.parse(CompletionCommand);
    this.print(completionScripts[args.shell as (typeof shells)[number]]);
  }
}
