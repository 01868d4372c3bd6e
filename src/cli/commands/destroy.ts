import { Args, Flags } from '@oclif/core';
import { destroy } from '../../app/destroy.ts';
import { isIncomplete } from '../../app/plan.ts';
import type { QueueName } from '../../model/names.ts';
import { ApplyingCommand, allowFlag, applyingFlags } from '../applying-command.ts';
import { confirm } from '../confirm.ts';
import { exitCodes } from '../exit-codes.ts';

export class DestroyCommand extends ApplyingCommand {
  static override summary = 'Take cascades apart: nodes, queues, triggers. Tables of yours stay.';
  static override description =
    'Shows the plan, asks for the name of each queue, and carries it out, leaves first. Steps need the same consent as with apply. It may be ended at any point and run again. A node that others still read from stays. Stop "trunkline run" for the nodes first. With --json it prints one object a line, by schemas/apply-events.schema.json.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> replika',
    '<%= config.bin %> <%= command.id %> replika --node dst2',
    '<%= config.bin %> <%= command.id %> replika --auto-approve --allow stops-replication,loses-events --uninstall',
  ];
  static override strict = false;
  static override args = {
    queue: Args.string({
      required: false,
      description: 'A queue of the file; more may follow. Left out: all of them.',
    }),
  };
  static override flags = {
    node: Flags.string({
      multiple: true,
      multipleNonGreedy: true,
      default: [],
      helpValue: 'NODE',
      description: 'This node only. May be given more than once.',
    }),
    'auto-approve': Flags.boolean({ description: 'Do not ask. The queues must be named then.' }),
    allow: allowFlag('Consent to these hazards: stops-replication for every node, loses-events for a queue that goes.'),
    uninstall: Flags.boolean({
      description: 'Then take away the SQL that apply installed, from databases that have no queue left.',
    }),
    'lock-timeout': applyingFlags['lock-timeout'],
  };

  async run(): Promise<void> {
    const { flags, argv } = await this.parse(DestroyCommand);
    const signal = this.stopSignal();
    const asks = (queue: QueueName) => confirm(`Type the name of the queue to take ${queue} apart: `, signal, queue);
    const destroyed = await this.applying({ ...flags, 'worker-timeout': 60 }, { asked: false }, (options) =>
      destroy({
        ...options,
        queues: argv.map(String),
        nodes: flags.node,
        uninstall: flags.uninstall,
        confirm: flags['auto-approve'] ? undefined : asks,
      }),
    );
    const { plan, cleared } = destroyed;
    await this.finish(destroyed, flags.json, { cleared });
    if (!flags.json && cleared.length > 0) this.print(`SQL taken away from ${cleared.join(', ')}.`);
    if (isIncomplete(plan)) this.endWith(exitCodes.failed);
  }
}
