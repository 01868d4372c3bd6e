import { Args, Flags } from '@oclif/core';
import { resync } from '../../app/resync.ts';
import { unhurried } from '../../model/pace.ts';
import { ToolError } from '../../model/problem.ts';
import { explain } from '../../render/explain.ts';
import { ApplyingCommand, applyingFlags } from '../applying-command.ts';
import { durationFlag } from '../duration-flag.ts';
import { queueFlag } from '../queue-flag.ts';
import { workerLog } from '../worker-log.ts';

export class ResyncCommand extends ApplyingCommand {
  static override summary = 'Copy tables of a subscriber again from its provider.';
  static override description =
    "Shows what is emptied and copied, with estimated rows and bytes, asks, and sets the tables back to the beginning; the node's worker copies them, while all others go on. Steps need consent as with apply. It may be ended at any point and run again: a table that is being copied already is passed over. With --json it prints one object a line, by schemas/apply-events.schema.json.";
  static override examples = [
    '<%= config.bin %> <%= command.id %> dst1 public.orders',
    '<%= config.bin %> <%= command.id %> dst1 --all-different',
    '<%= config.bin %> <%= command.id %> dst1 "app.*" --auto-approve --allow copies-data,truncates-target',
  ];
  static override strict = false;
  static override args = {
    node: Args.string({ required: true, description: 'A subscriber of the file.' }),
    table: Args.string({
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
    'all-different': Flags.boolean({
      default: false,
      description: 'The tables that differ, which are found as "compare" finds them.',
    }),
    timeout: durationFlag({
      default: 60_000,
      defaultHelp: async () => '60s',
      description: 'With --all-different: how long to wait for the node to catch up.',
    }),
  };

  async run(): Promise<void> {
    const { flags, argv } = await this.parse(ResyncCommand);
    const [node = '', ...names] = argv.map(String);
    if (flags['all-different'] === names.length > 0) {
      const detail = 'name the tables, or give --all-different for those that a comparison finds different';
      throw new ToolError([{ code: 'usage_invalid', command: 'resync', detail }]);
    }
    const applied = await this.applying(flags, { asked: !flags['auto-approve'] }, (options) => {
      const different = { pace: unhurried, timeoutMs: flags.timeout, log: workerLog(options.report), explain };
      const tables = flags['all-different'] ? different : names;
      return resync({ ...options, queues: flags.queue ?? [], node, tables, below: flags.below });
    });
    await this.finish(applied, flags.json);
    if (applied.walked !== undefined) {
      this.note('"trunkline run" copies them; "trunkline status" shows how far it is.');
    }
  }
}
