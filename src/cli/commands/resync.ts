import { Args, Flags } from '@oclif/core';
import { resync } from '../../app/resync.ts';
import { ApplyingCommand, applyingFlags } from '../applying-command.ts';
import { queueFlag } from '../queue-flag.ts';

export class ResyncCommand extends ApplyingCommand {
  static override summary = 'Copy tables of a subscriber again from its provider.';
  static override description =
    "Shows what is emptied and copied, with estimated rows and bytes, asks, and sets the tables back to the beginning; the node's worker copies them, while all others go on. Steps need consent as with apply. It may be ended at any point and run again: a table that is being copied already is passed over. With --json it prints one object a line, by schemas/apply-events.schema.json.";
  static override examples = [
    '<%= config.bin %> <%= command.id %> dst1 public.orders',
    '<%= config.bin %> <%= command.id %> dst1 "app.*" --auto-approve --allow copies-data,truncates-target',
  ];
  static override strict = false;
  static override args = {
    node: Args.string({ required: true, description: 'A subscriber of the file.' }),
    table: Args.string({
      required: true,
      description: 'A table, by its name on either side, or a pattern of names. More may follow.',
    }),
  };
  static override flags = {
    ...applyingFlags,
    queue: Flags.string(queueFlag),
    below: Flags.boolean({
      default: false,
      description: 'Also copy them again on the nodes that read them from there, once they are done.',
    }),
  };

  async run(): Promise<void> {
    const { flags, argv } = await this.parse(ResyncCommand);
    const [node = '', ...tables] = argv.map(String);
    const applied = await this.applying(flags, { asked: !flags['auto-approve'] }, (options) =>
      resync({ ...options, queues: flags.queue ?? [], node, tables, below: flags.below }),
    );
    await this.finish(applied, flags.json);
    if (applied.walked !== undefined) {
      this.note('"trunkline run" copies them; "trunkline status" shows how far it is.');
    }
  }
}
