import { Flags } from '@oclif/core';
import { compare } from '../../app/compare.ts';
import { comparisonIsEqual } from '../../model/comparison.ts';
import { throttled, unhurried } from '../../model/pace.ts';
import { compareJson } from '../../render/compare-json.ts';
import { compareText } from '../../render/compare-text.ts';
import { problemsText } from '../../render/describe-problem.ts';
import { explain } from '../../render/explain.ts';
import { BaseCommand } from '../base-command.ts';
import { durationFlag } from '../duration-flag.ts';
import { exitCodes } from '../exit-codes.ts';
import { createProgress } from '../progress.ts';
import { workerLog } from '../worker-log.ts';

export class CompareCommand extends BaseCommand {
  static override summary = 'Compare the rows of subscribers with those of their providers, at the same tick.';
  static override description =
    'Counts and sums up every table on both sides without a lock on the source, under load as well. A node whose worker does not run is brought to the tick first. Filters and renamed targets are honoured; sequences must not be behind. The rows of a table that differ are listed by their key with the columns that differ. Ends with status 2 when something differs.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --node dst1 --table public.orders',
    '<%= config.bin %> <%= command.id %> --table public.orders --rows 100 --values',
    '<%= config.bin %> <%= command.id %> --timeout 10m --json',
  ];
  static override flags = {
    node: Flags.string({
      multiple: true,
      multipleNonGreedy: true,
      helpValue: 'NODE',
      description: 'Compare this subscriber only. May be given more than once.',
    }),
    table: Flags.string({
      multiple: true,
      multipleNonGreedy: true,
      helpValue: 'TABLE',
      description: 'Compare this table only, by its name on either side. May be given more than once.',
    }),
    rows: Flags.integer({
      default: 10,
      min: 0,
      max: 10_000,
      helpValue: 'COUNT',
      description: 'List so many rows of each table that differs, by their key; 0 lists none.',
    }),
    values: Flags.boolean({
      default: false,
      description: 'Print the values that differ as well, not only the names of their columns.',
    }),
    'chunk-rows': Flags.integer({
      default: 1_000,
      min: 1,
      helpValue: 'COUNT',
      description: 'Where a table differs, sum up about so many rows at a time, and read those that differ one by one.',
    }),
    timeout: durationFlag({
      default: 60_000,
      defaultHelp: async () => '60s',
      description: 'How long to wait for each node to catch up.',
    }),
    'max-snapshot': durationFlag({
      default: unhurried.maxSnapshotMs,
      defaultHelp: async () => '30s',
      description: 'Read on at a new tick about this often, so that no transaction stays open for longer.',
    }),
    throttle: Flags.integer({
      min: 1,
      helpValue: 'ROWS',
      description: 'Read no more than so many rows of a node a second.',
    }),
    resume: Flags.boolean({
      default: false,
      description: 'Go on from a comparison of the same nodes and tables that was cut short.',
    }),
    progress: Flags.boolean({
      allowNo: true,
      description: 'Show on standard error how far each table is; as it is on a terminal.',
    }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(CompareCommand);
    const signal = this.stopSignal();
    const display = createProgress({ stream: process.stderr, paint: this.errorPaint, json: flags.json });
    const shown = flags.progress ?? process.stderr.isTTY === true;
    const comparison = await compare({
      files: flags.file,
      resume: flags.resume,
      nodes: flags.node ?? [],
      tables: flags.table ?? [],
      search: { limit: flags.rows, chunkRows: flags['chunk-rows'], values: flags.values },
      pace: {
        ...unhurried,
        maxSnapshotMs: flags['max-snapshot'],
        ...(flags.throttle === undefined ? {} : throttled(flags.throttle)),
      },
      timeoutMs: flags.timeout,
      env: process.env,
      log: workerLog(display.report),
      report: (progress) => {
        if (progress.kind !== 'compare' || shown) display.report(progress);
      },
      explain,
      signal,
    })
      .catch((error: unknown) => {
        if (!signal.aborted) throw error;
        return undefined;
      })
      .finally(() => display.stop());
    if (comparison === undefined) {
      this.note('Stopped. No node is held any more.');
      this.endWith(exitCodes.failed);
      return;
    }
    if (flags.json) this.printJson(compareJson(comparison));
    else this.print(compareText(comparison, this.paint));
    if (comparison.problems.length > 0) {
      this.note(problemsText(comparison.problems, this.errorPaint));
      this.endWith(exitCodes.failed);
    } else if (!comparisonIsEqual(comparison)) this.endWith(exitCodes.different);
  }
}
