import { Args, Flags } from '@oclif/core';
import { init } from '../../app/init.ts';
import { writeNewFile } from '../../app/write-new-file.ts';
import { problemsText } from '../../render/describe-problem.ts';
import { describeRemark } from '../../render/describe-remark.ts';
import { importedText } from '../../render/imported-text.ts';
import { ToolCommand } from '../base-command.ts';
import { exitCodes } from '../exit-codes.ts';
import { createProgress } from '../progress.ts';

export class InitCommand extends ToolCommand {
  static override summary = 'Write a first file, by looking at the database that is to be replicated.';
  static override description =
    'Looks at one database and writes a file by which all its tables, and the sequences that belong to them, go to one leaf. Tables without a key that tells rows apart are left out, with a comment; a unique key over NOT NULL columns is named where there is no primary key. Then it asks the planner what an apply of that file would do, and tells it on standard error. Changes nothing in a database, and never overwrites a file. Status 1 where the planner refuses the file.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> "host=db1 dbname=shop user=repl" --target "host=db2 dbname=shop user=repl"',
    'SHOP_URL=… <%= config.bin %> <%= command.id %> --from-env SHOP_URL --out shop.yaml',
  ];
  static override args = {
    source: Args.string({
      required: false,
      description: "A connection string of the database that is written to. Left out: libpq's environment variables.",
    }),
  };
  static override flags = {
    'from-env': Flags.string({
      helpValue: 'VARIABLE',
      description:
        'Take the connection string from this environment variable: one with a password is then seen by nobody.',
    }),
    target: Flags.string({
      helpValue: 'LOCATION',
      description: 'A connection string of the database that gets the copy. Left out: a server that Trunkline starts.',
    }),
    'target-env': Flags.string({
      helpValue: 'VARIABLE',
      description: 'Take that connection string from this environment variable.',
      exclusive: ['target'],
    }),
    queue: Flags.string({ helpValue: 'QUEUE', description: 'Name of the queue. Left out: that of the database.' }),
    out: Flags.string({ helpValue: 'FILE', default: 'trunkline.yaml', description: 'Write this file.' }),
  };

  async run(): Promise<void> {
    const { flags, args } = await this.parse(InitCommand);
    const display = createProgress({ stream: process.stderr, paint: this.errorPaint, json: true });
    const fromEnv = (variable: string | undefined) =>
      variable === undefined ? undefined : (process.env[variable] ?? '');
    const made = await init({
      source: args.source ?? fromEnv(flags['from-env']) ?? '',
      target: flags.target ?? fromEnv(flags['target-env']),
      queue: flags.queue,
      env: process.env,
      report: display.report,
      signal: this.stopSignal(),
      describe: describeRemark,
    }).finally(() => display.stop());
    await writeNewFile(flags.out, made.text, undefined);
    this.note(importedText(made.remarks, made.plan, this.errorPaint));
    if (made.plan !== undefined) this.printWarnings(made.plan.warnings);
    if (made.problems.length > 0) {
      this.note(problemsText(made.problems, this.errorPaint));
      this.endWith(exitCodes.failed);
    }
  }
}
