import { Args, Flags } from '@oclif/core';
import { tellWorkers } from '../../app/tell-workers.ts';
import { workersJson } from '../../render/control-json.ts';
import { toldWorkersText } from '../../render/control-text.ts';
import { ControlCommand } from '../control-command.ts';
import { durationFlag } from '../duration-flag.ts';
import { queueFlag } from '../queue-flag.ts';

export class PauseCommand extends ControlCommand {
  static override summary = 'Pause the worker of a node: it replays nothing until it is resumed.';
  static override description =
    'Waits until the worker has confirmed it; the batch in hand is finished first. The pause stands in the catalog of the node, outlives the process, and is obeyed by the workers of Londiste as well. Changes wait on the provider meanwhile, and copies under way go on.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> dst1',
    '<%= config.bin %> <%= command.id %> dst1 dst2 --timeout 2m --json',
  ];
  static override strict = false;
  static override args = {
    node: Args.string({ required: true, description: 'A node of the file; more may follow.' }),
  };
  static override flags = {
    queue: Flags.string(queueFlag),
    timeout: durationFlag({
      default: 30_000,
      defaultHelp: async () => '30s',
      description: 'How long to wait for the worker to confirm it.',
    }),
  };

  async run(): Promise<void> {
    const { flags, argv } = await this.parse(PauseCommand);
    const told = await this.controlling(flags, argv, (options) => tellWorkers(true, options));
    if (flags.json) this.printJson(workersJson(told));
    else if (told.nodes.length > 0) this.print(toldWorkersText(told.nodes, this.paint));
    this.tellProblems(told.problems);
  }
}
