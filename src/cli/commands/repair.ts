import { Flags } from '@oclif/core';
import { repair } from '../../app/repair.ts';
import { leftDifferent } from '../../model/comparison.ts';
import { unhurried } from '../../model/pace.ts';
import { explain } from '../../render/explain.ts';
import { repairJson, repairText } from '../../render/repair-text.ts';
import { BaseCommand } from '../base-command.ts';
import { confirm } from '../confirm.ts';
import { durationFlag } from '../duration-flag.ts';
import { exitCodes } from '../exit-codes.ts';
import { createProgress } from '../progress.ts';
import { workerLog } from '../worker-log.ts';

export class RepairCommand extends BaseCommand {
  static override summary =
    "Make the rows of a subscriber that differ equal to its provider's, or print the SQL that does.";
  static override description =
    'Compares as "compare" does and prints one transaction for psql: deletes, updates and inserts by key, with filters, masks and renamed targets. It refuses to run at another tick than that of the comparison. With --apply it is run at once, while the worker of the node stands at that tick. Ends with status 2 when something stays different.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> --node dst1 > repair.sql',
    '<%= config.bin %> <%= command.id %> --node dst1 --table public.orders --apply',
  ];
  static override flags = {
    node: Flags.string({ required: true, helpValue: 'NODE', description: 'The subscriber to repair.' }),
    table: Flags.string({
      multiple: true,
      multipleNonGreedy: true,
      helpValue: 'TABLE',
      description: 'Repair this table only, by its name on either side. May be given more than once.',
    }),
    rows: Flags.integer({
      default: 1_000,
      min: 1,
      max: 10_000,
      helpValue: 'COUNT',
      description: 'Repair so many rows of a table at most.',
    }),
    out: Flags.string({ helpValue: 'FILE', description: 'Write the SQL to this file.' }),
    apply: Flags.boolean({ default: false, description: 'Run the SQL. Asks before.' }),
    yes: Flags.boolean({ char: 'y', dependsOn: ['apply'], description: 'Do not ask.' }),
    timeout: durationFlag({
      default: 60_000,
      defaultHelp: async () => '60s',
      description: 'How long to wait for the node to catch up.',
    }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(RepairCommand);
    const signal = this.stopSignal();
    const question = `Rows of ${flags.node} that differ are overwritten or deleted. Only "yes" goes on: `;
    if (flags.apply && !flags.yes && !(await confirm(question, signal))) {
      this.note('Nothing was changed. Answer "yes", or give --yes.');
      this.endWith(exitCodes.consentMissing);
      return;
    }
    const display = createProgress({ stream: process.stderr, paint: this.errorPaint, json: flags.json });
    const repaired = await repair({
      files: flags.file,
      node: flags.node,
      tables: flags.table ?? [],
      search: { limit: flags.rows, chunkRows: 100, values: false },
      pace: unhurried,
      apply: flags.apply,
      out: flags.out,
      timeoutMs: flags.timeout,
      env: process.env,
      log: workerLog(display.report),
      report: display.report,
      explain,
      signal,
    }).finally(() => display.stop());
    if (flags.json) this.printJson(repairJson(repaired));
    else if (!flags.apply && flags.out === undefined && repaired.repair.statements > 0)
      this.print(repaired.repair.script);
    this.note(repairText(repaired, this.errorPaint));
    const open = repaired.repair.statements > 0 && !repaired.applied;
    if (open || leftDifferent(repaired).length > 0) this.endWith(exitCodes.different);
  }
}
