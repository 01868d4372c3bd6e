import { Args, Flags } from '@oclif/core';
import { tellWorkers } from '../../app/tell-workers.ts';
import { workersJson } from '../../render/control-json.ts';
import { toldWorkersText } from '../../render/control-text.ts';
import { problemsText } from '../../render/describe-problem.ts';
import { BaseCommand } from '../base-command.ts';
import { durationFlag } from '../duration-flag.ts';
import { exitCodes } from '../exit-codes.ts';
import { createProgress } from '../progress.ts';
import { queueFlag } from '../queue-flag.ts';

export class PauseCommand extends BaseCommand {
  static override summary = 'Pause the worker of a node: it replays nothing until it is resumed.';
  static override description =
    'Waits until the worker has confirmed it; the batch in hand is finished first. The pause stands in the catalog of the node, outlives the process, and is obeyed by the workers of Londiste as well. Changes wait on the provider meanwhile, and copies under way go on.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> dst1',
    '<%= config.bin %> <%= command.id %> dst1 dst2 --timeout 2m --json',
  ];
  static override strict = false;
  static override args = {
    node: Args.string({ required: true, description: 'A node of the file; more may follow.' }),
  };
  static override flags = {
    queue: Flags.string(queueFlag),
    timeout: durationFlag({
      default: 30_000,
      defaultHelp: async () => '30s',
      description: 'How long to wait for the worker to confirm it.',
    }),
  };

  async run(): Promise<void> {
    const { flags, argv } = await this.parse(PauseCommand);
    const signal = this.stopSignal();
    const display = createProgress({ stream: process.stderr, paint: this.errorPaint, json: flags.json });
    const told = await tellWorkers(true, {
      files: flags.file,
      queues: flags.queue ?? [],
      nodes: argv.map(String),
      timeoutMs: flags.timeout,
      env: process.env,
      report: display.report,
      signal,
    }).finally(() => display.stop());
    if (flags.json) this.printJson(workersJson(told));
    else if (told.nodes.length > 0) this.print(toldWorkersText(told.nodes, this.paint));
    if (told.problems.length === 0) return;
    this.note(problemsText(told.problems, this.errorPaint));
    this.endWith(exitCodes.failed);
  }
}
