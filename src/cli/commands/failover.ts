import { RootCommand, rootArgs, rootFlags } from '../root-command.ts';

export class FailoverCommand extends RootCommand {
  static override summary = 'Give the place of a root that does not answer to another node.';
  static override description =
    'Writes it into the file, "role: root" at the node, the old root and all that read from it below it, and applies it. Shows both, and asks. What the old root took after the tick that the plan names is on no other node. Keep applications away from the old root first: it can not be told. Refused where another node has read further, and where the root answers: use switchover then. Steps need consent as with apply: moves-root, loses-events.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> dst1 --dry-run',
    '<%= config.bin %> <%= command.id %> dst1 --auto-approve --allow moves-root,loses-events',
  ];
  static override args = rootArgs;
  static override flags = rootFlags;

  async run(): Promise<void> {
    const { args, flags } = await this.parse(FailoverCommand);
    await this.change('failover', args.node, flags);
  }
}
