import { Args, Flags } from '@oclif/core';
import { type SkipWhat, skip } from '../../app/skip.ts';
import { skipJson, skippedText, stuckBatchText } from '../../render/skip-text.ts';
import { BaseCommand } from '../base-command.ts';
import { confirm } from '../confirm.ts';
import { durationFlag } from '../duration-flag.ts';
import { exitCodes } from '../exit-codes.ts';
import { createProgress } from '../progress.ts';
import { queueFlag } from '../queue-flag.ts';

export class SkipCommand extends BaseCommand {
  static override summary = 'Make a node leave out an event, or a batch, that it cannot apply.';
  static override description =
    'Shows the batch that the node, or with --table a parked table of it, cannot get past. With --event or --batch, asks for the name of the node, keeps those events on its database with who, when and why, and lets the worker go on without them. The node differs from its provider afterwards: see "compare". Nodes that read from it get the events all the same.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> dst1 --table public.orders',
    '<%= config.bin %> <%= command.id %> dst1 --table public.orders --event 4711 --reason "row is broken, ticket 12"',
    '<%= config.bin %> <%= command.id %> dst1 --batch --reason "file was run by hand" --yes --json',
  ];
  static override args = { node: Args.string({ required: true, description: 'A node of the file.' }) };
  static override flags = {
    queue: Flags.string({ ...queueFlag, multiple: false, description: 'The queue, where the node stands in several.' }),
    table: Flags.string({
      helpValue: 'TABLE',
      description: 'A table that is parked, where it is not the node itself.',
    }),
    event: Flags.integer({
      multiple: true,
      multipleNonGreedy: true,
      min: 1,
      helpValue: 'NUMBER',
      dependsOn: ['reason'],
      exclusive: ['batch'],
      description: 'Leave out this event of the batch. May be given more than once.',
    }),
    batch: Flags.boolean({
      dependsOn: ['reason'],
      description: 'Leave out the whole batch; with --table, what it holds of that table.',
    }),
    reason: Flags.string({ helpValue: 'TEXT', description: 'Why, for the record.' }),
    yes: Flags.boolean({ char: 'y', description: 'Do not ask.' }),
    timeout: durationFlag({
      default: 30_000,
      defaultHelp: async () => '30s',
      description: 'How long to wait until the worker has got past it.',
    }),
  };

  async run(): Promise<void> {
    const { flags, args } = await this.parse(SkipCommand);
    const signal = this.stopSignal();
    const display = createProgress({ stream: process.stderr, paint: this.errorPaint, json: flags.json });
    const what: SkipWhat =
      flags.event !== undefined
        ? { kind: 'events', ids: flags.event.map(BigInt) }
        : { kind: flags.batch === true ? 'batch' : 'nothing' };
    const done = await skip({
      files: flags.file,
      queues: flags.queue === undefined ? [] : [flags.queue],
      node: args.node,
      table: flags.table,
      what,
      reason: flags.reason ?? '',
      timeoutMs: flags.timeout,
      show: (batch) => {
        if (flags.json) this.note(stuckBatchText(batch, this.errorPaint));
        else this.print(stuckBatchText(batch, this.paint));
      },
      confirm: flags.yes
        ? undefined
        : ({ node }, count) => confirm(`Type the name of the node that leaves out ${count} of them: `, signal, node),
      env: process.env,
      report: display.report,
      signal,
    }).finally(() => display.stop());
    if (flags.json) this.printJson(skipJson(done));
    else this.print(skippedText(done));
    if (done.outcome.kind === 'failed') this.endWith(exitCodes.failed);
  }
}
