import { Args, Flags } from '@oclif/core';
import { lostEvents } from '../../app/lost-events.ts';
import { writeReport } from '../../app/report-files.ts';
import { lostEventsJson, lostEventsScript, lostEventsText } from '../../render/lost-events-text.ts';
import { BaseCommand } from '../base-command.ts';
import { exitCodes } from '../exit-codes.ts';
import { createProgress } from '../progress.ts';
import { queueFlag } from '../queue-flag.ts';

export class LostEventsCommand extends BaseCommand {
  static override summary = 'Show what a root that was given up took and no other node has, as SQL.';
  static override description =
    'For a root that did not answer, was replaced by "failover", and answers again. Reads from its queue the changes after the tick that the new root went on after, and compares each row with the new root: missing there, equal, or in conflict with a change made since. Prints one transaction for psql on the new root; only what is missing is not in comments. Nothing is run. Ends with status 2 when a change is not equal.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> src > lost.sql',
    '<%= config.bin %> <%= command.id %> src --table public.orders --json',
    '<%= config.bin %> <%= command.id %> src --after 1234   # no node has the failover on record',
  ];
  static override args = { node: Args.string({ required: true, description: 'The root that was given up.' }) };
  static override flags = {
    queue: Flags.string({ ...queueFlag, multiple: false, description: 'The queue, where the node stands in several.' }),
    table: Flags.string({
      multiple: true,
      multipleNonGreedy: true,
      helpValue: 'TABLE',
      description: 'Show changes of this table only. May be given more than once.',
    }),
    after: Flags.integer({
      min: 1,
      helpValue: 'TICK',
      description: 'The last tick that the new root had read, where none has it on record.',
    }),
    limit: Flags.integer({
      default: 50_000,
      min: 1,
      helpValue: 'COUNT',
      description: 'How many changes to show at most; they are held in memory.',
    }),
    out: Flags.string({ helpValue: 'FILE', description: 'Write the SQL to this file.' }),
  };

  async run(): Promise<void> {
    const { flags, args } = await this.parse(LostEventsCommand);
    const signal = this.stopSignal();
    const display = createProgress({ stream: process.stderr, paint: this.errorPaint, json: flags.json });
    const lost = await lostEvents({
      files: flags.file,
      queues: flags.queue === undefined ? [] : [flags.queue],
      node: args.node,
      tables: flags.table ?? [],
      limit: flags.limit,
      after: flags.after === undefined ? undefined : BigInt(flags.after),
      env: process.env,
      report: display.report,
      signal,
    }).finally(() => display.stop());
    const any = lost.events.length > 0;
    if (any && flags.out !== undefined) await writeReport(flags.out, lostEventsScript(lost));
    if (flags.json) this.printJson(lostEventsJson(lost));
    else if (any && flags.out === undefined) this.print(lostEventsScript(lost));
    this.note(lostEventsText(lost, this.errorPaint));
    if (lost.left > 0 || lost.events.some(({ outcome }) => outcome !== 'equal')) this.endWith(exitCodes.different);
  }
}
