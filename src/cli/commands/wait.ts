import { Flags } from '@oclif/core';
import { waitForNodes } from '../../app/wait.ts';
import { waitJson } from '../../render/control-json.ts';
import { awaitedText } from '../../render/control-text.ts';
import { anyNodes, ControlCommand } from '../control-command.ts';
import { durationFlag } from '../duration-flag.ts';
import { queueFlag } from '../queue-flag.ts';

export class WaitCommand extends ControlCommand {
  static override summary = 'Wait until nodes have everything that is committed on their root now.';
  static override description =
    'Makes a tick on each root and waits until the nodes named, or all, have applied it. Ends with status 1 when the time is up, or at once where a node is paused. A table that is parked or still copied may be behind its node: see "status".';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> dst1 --timeout 5m',
    '<%= config.bin %> <%= command.id %> --queue shop --tick 4711 --json',
  ];
  static override strict = false;
  static override args = anyNodes;
  static override flags = {
    queue: Flags.string(queueFlag),
    tick: Flags.integer({
      min: 1,
      helpValue: 'NUMBER',
      description: 'Wait for this tick of the queue instead of one made now.',
    }),
    timeout: durationFlag({
      default: 60_000,
      defaultHelp: async () => '60s',
      description: 'How long to wait.',
    }),
  };

  async run(): Promise<void> {
    const { flags, argv } = await this.parse(WaitCommand);
    const tick = flags.tick === undefined ? undefined : BigInt(flags.tick);
    const awaited = await this.controlling(flags, argv, (options) => waitForNodes({ ...options, tick }));
    if (flags.json) this.printJson(waitJson(awaited));
    else this.print(awaitedText(awaited, this.paint));
    this.tellProblems(awaited.problems);
  }
}
