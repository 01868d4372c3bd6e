import { RootCommand, rootArgs, rootFlags } from '../root-command.ts';

export class SwitchoverCommand extends RootCommand {
  static override summary = 'Give the place of the root to another node, and lose nothing.';
  static override description =
    'Writes it into the file, "role: root" at the node and the old root a branch of it, and applies it. Shows both, and asks. Comments, order and variables of the file stay; commit it afterwards. Whoever names the old root as its provider goes on reading from it. Steps need consent as with apply: moves-root. Let "trunkline run" go on meanwhile. After a kill, run it again, or "trunkline apply".';
  static override examples = [
    '<%= config.bin %> <%= command.id %> dst1 --dry-run',
    '<%= config.bin %> <%= command.id %> dst1 --allow moves-root',
  ];
  static override args = rootArgs;
  static override flags = rootFlags;

  async run(): Promise<void> {
    const { args, flags } = await this.parse(SwitchoverCommand);
    await this.change('switchover', args.node, flags);
  }
}
