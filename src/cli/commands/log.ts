import { Args, Flags } from '@oclif/core';
import { readLog } from '../../app/log.ts';
import { readConflictLog, readSkipped } from '../../app/node-log.ts';
import { applyLogEntryText, applyLogText } from '../../render/apply-log-text.ts';
import { conflictsText, skippedEventsText } from '../../render/skip-text.ts';
import { BaseCommand } from '../base-command.ts';
import { createProgress } from '../progress.ts';

export class LogCommand extends BaseCommand {
  static override summary = 'Show what was applied, when, by whom, and how it ended.';
  static override description =
    'Reads what each root keeps about the applies of its queues, the newest first. With an entry, its steps as well.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> src/12',
    '<%= config.bin %> <%= command.id %> --limit 1 --json',
    '<%= config.bin %> <%= command.id %> --skipped',
  ];
  static override args = {
    entry: Args.string({
      required: false,
      description: 'DATABASE/NUMBER or NUMBER as the list has it, or the id of a plan.',
    }),
  };
  static override flags = {
    limit: Flags.integer({ default: 20, min: 1, helpValue: 'COUNT', description: 'How many to show.' }),
    skipped: Flags.boolean({
      exclusive: ['conflicts'],
      description: 'Show instead what nodes were told to leave out, by "skip"; with --json, whole.',
    }),
    conflicts: Flags.boolean({
      description: 'Show instead the rows of nodes that were in the way of changes, and the rows of the provider.',
    }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(LogCommand);
    const signal = this.stopSignal();
    const display = createProgress({ stream: process.stderr, paint: this.errorPaint, json: true });
    const common = { files: flags.file, limit: flags.limit, env: process.env, report: display.report, signal };
    if (flags.skipped) {
      const skipped = await readSkipped(common).finally(() => display.stop());
      if (flags.json) this.printJson({ formatVersion: 1, applies: [], skipped });
      else this.print(skippedEventsText(skipped, this.paint));
      return;
    }
    if (flags.conflicts) {
      const conflicts = await readConflictLog(common).finally(() => display.stop());
      if (flags.json) this.printJson({ formatVersion: 1, applies: [], conflicts });
      else this.print(conflictsText(conflicts, this.paint));
      return;
    }
    const entries = await readLog({
      files: flags.file,
      entry: args.entry,
      limit: flags.limit,
      env: process.env,
      report: display.report,
      signal,
    }).finally(() => display.stop());
    if (flags.json) this.printJson({ formatVersion: 1, applies: entries });
    else if (args.entry === undefined) this.print(applyLogText(entries, this.paint));
    else this.print(entries.map((entry) => applyLogEntryText(entry, this.paint)).join('\n\n'));
  }
}
