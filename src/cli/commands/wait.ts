import { Args, Flags } from '@oclif/core';
import { waitForNodes } from '../../app/wait.ts';
import { waitJson } from '../../render/control-json.ts';
import { awaitedText } from '../../render/control-text.ts';
import { problemsText } from '../../render/describe-problem.ts';
import { BaseCommand } from '../base-command.ts';
import { durationFlag } from '../duration-flag.ts';
import { exitCodes } from '../exit-codes.ts';
import { createProgress } from '../progress.ts';
import { queueFlag } from '../queue-flag.ts';

export class WaitCommand extends BaseCommand {
  static override summary = 'Wait until nodes have everything that is committed on their root now.';
  static override description =
    'Makes a tick on each root and waits until the nodes named, or all, have applied it. Ends with status 1 when the time is up, or at once where a node is paused. A table that is parked or still copied may be behind its node: see "status".';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> dst1 --timeout 5m',
    '<%= config.bin %> <%= command.id %> --queue shop --tick 4711 --json',
  ];
  static override strict = false;
  static override args = {
    node: Args.string({
      required: false,
      description: 'A node of the file; more may follow. All where none is named.',
    }),
  };
  static override flags = {
    queue: Flags.string(queueFlag),
    tick: Flags.integer({
      min: 1,
      helpValue: 'NUMBER',
      description: 'Wait for this tick of the queue instead of one made now.',
    }),
    timeout: durationFlag({
      default: 60_000,
      defaultHelp: async () => '60s',
      description: 'How long to wait.',
    }),
  };

  async run(): Promise<void> {
    const { flags, argv } = await this.parse(WaitCommand);
    const signal = this.stopSignal();
    const display = createProgress({ stream: process.stderr, paint: this.errorPaint, json: flags.json });
    const awaited = await waitForNodes({
      files: flags.file,
      queues: flags.queue ?? [],
      nodes: argv.map(String),
      tick: flags.tick === undefined ? undefined : BigInt(flags.tick),
      timeoutMs: flags.timeout,
      env: process.env,
      report: display.report,
      signal,
    }).finally(() => display.stop());
    if (flags.json) this.printJson(waitJson(awaited));
    else this.print(awaitedText(awaited, this.paint));
    if (awaited.problems.length === 0) return;
    this.note(problemsText(awaited.problems, this.errorPaint));
    this.endWith(exitCodes.failed);
  }
}
