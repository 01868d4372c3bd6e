import { readNames } from '../../app/read-names.ts';
import { ToolCommand } from '../base-command.ts';
import { complete } from '../complete.ts';

/** What the completion scripts call: prints what fits the last word, one a line, with its meaning behind a tab. */
export class CompleteCommand extends ToolCommand {
  static override summary = 'Print what fits the last word of a command line.';
  static override description = 'The scripts that "completion" prints call it whenever the tab key is pressed.';
  static override examples = [
    "<%= config.bin %> <%= command.id %> -- run --node ''",
    '<%= config.bin %> <%= command.id %> -- sand',
  ];
  static override hidden = true;
  static override strict = false;

  async run(): Promise<void> {
    const { argv } = await this.parse(CompleteCommand);
    const commands = Object.fromEntries(this.config.commands.map((command) => [command.id, command]));
    const found = await complete({ words: argv.map(String), commands, names: readNames });
    const lines = found.map(({ value, about }) => (about === undefined ? value : `${value}\t${about.split('\n')[0]}`));
    if (lines.length > 0) this.print(lines.join('\n'));
  }
}
