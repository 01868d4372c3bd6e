import { Args, Flags } from '@oclif/core';
import { type Imported, importLive } from '../../app/import-live.ts';
import { writeNewFile } from '../../app/write-new-file.ts';
import { problemsText } from '../../render/describe-problem.ts';
import { describeRemark } from '../../render/describe-remark.ts';
import { importedJson } from '../../render/imported-json.ts';
import { importedText } from '../../render/imported-text.ts';
import { ToolCommand } from '../base-command.ts';
import { exitCodes } from '../exit-codes.ts';
import { createProgress } from '../progress.ts';

export class ImportCommand extends ToolCommand {
  static override summary = 'Write the file of a cascade that is there, made by Londiste or by Trunkline.';
  static override description =
    'Looks at one database, walks to all others that its queues know of, and prints what they are as YAML: databases, nodes, ticker settings, tables, sequences. Then it asks the planner what an apply of that file would do, and tells it on standard error. Changes nothing. Passwords that stand in the catalogs become references to the environment, and are never printed. Status 1 where a database could not be looked at, or the planner refuses the file. With --json it prints what schemas/import.schema.json describes.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> "host=db1 dbname=shop user=repl"',
    '<%= config.bin %> <%= command.id %> postgresql://repl@db1/shop --queue replika --out trunkline.yaml',
    'OLD_URL=… <%= config.bin %> <%= command.id %> --from-env OLD_URL --json',
  ];
  static override args = {
    location: Args.string({
      required: false,
      description: "A connection string of any database of the cascade. Left out: libpq's environment variables.",
    }),
  };
  static override flags = {
    'from-env': Flags.string({
      helpValue: 'VARIABLE',
      description:
        'Take the connection string from this environment variable: one with a password is then seen by nobody.',
    }),
    queue: Flags.string({
      multiple: true,
      multipleNonGreedy: true,
      default: [],
      helpValue: 'QUEUE',
      description: 'This queue only, and those merged with it. May be given more than once.',
    }),
    out: Flags.string({ helpValue: 'FILE', description: 'Write the file instead of printing it.' }),
    force: Flags.boolean({ description: 'Write it also where a file is already.' }),
    json: Flags.boolean({
      description: 'Print the file, what is to be looked at in it, and the plan after it, as JSON.',
    }),
  };

  async run(): Promise<void> {
    const { flags, args } = await this.parse(ImportCommand);
    const signal = this.stopSignal();
    const display = createProgress({ stream: process.stderr, paint: this.errorPaint, json: true });
    const variable = flags['from-env'];
    const imported = await importLive({
      location: args.location ?? (variable === undefined ? '' : (process.env[variable] ?? '')),
      queues: flags.queue,
      env: process.env,
      report: display.report,
      signal,
      describe: describeRemark,
    }).finally(() => display.stop());
    if (flags.out !== undefined) await writeNewFile(flags.out, imported.text, flags.force);
    if (flags.json) this.printJson(importedJson(imported));
    else if (flags.out === undefined) this.print(imported.text);
    this.tell(imported, flags.json);
  }

  private tell(imported: Imported, json: boolean): void {
    if (!json) this.note(importedText(imported.remarks, imported.plan, this.errorPaint));
    if (imported.problems.length > 0) this.note(problemsText(imported.problems, this.errorPaint));
    if (imported.plan !== undefined) this.printWarnings(imported.plan.warnings);
    const unseen = imported.remarks.some(({ remark }) => remark.kind === 'unreachable');
    if (unseen || imported.problems.length > 0) this.endWith(exitCodes.failed);
  }
}
