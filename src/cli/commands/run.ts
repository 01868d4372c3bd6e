import { Flags } from '@oclif/core';
import { run, runRoles } from '../../app/run.ts';
import { toolVersion } from '../../app/version.ts';
import type { Log } from '../../model/log.ts';
import type { Problem } from '../../model/problem.ts';
import { problemJson } from '../../render/describe-problem.ts';
import { explain } from '../../render/explain.ts';
import { logJson, versionRecord } from '../../render/log-json.ts';
import { logText } from '../../render/log-text.ts';
import { statusJson } from '../../render/status-json.ts';
import { BaseCommand } from '../base-command.ts';
import { httpAddress } from '../http-flag.ts';
import { tell } from '../output.ts';
import { createProgress } from '../progress.ts';

export class RunCommand extends BaseCommand {
  static override summary = 'Replicate: workers, first copies, ticker and maintenance, until stopped.';
  static override description =
    'One process works for all nodes of the files unless told otherwise; a second one waits and takes over. SIGTERM and Ctrl-C finish the batch in hand. SIGHUP reads the files again: new nodes start, changed ones start anew, and gone ones go on until they are dropped; files that can not be used change nothing. With --json each log line is a JSON object on standard output, the first of which names the version of the format.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --node dst1 --node dst2 --no-ticker',
    '<%= config.bin %> <%= command.id %> --role ticker',
    '<%= config.bin %> <%= command.id %> --http 9187',
  ];
  static override flags = {
    node: Flags.string({
      multiple: true,
      multipleNonGreedy: true,
      default: [],
      helpValue: 'NODE',
      description: 'Work for this node only. May be given more than once.',
    }),
    queue: Flags.string({
      multiple: true,
      multipleNonGreedy: true,
      default: [],
      helpValue: 'QUEUE',
      description: 'Work for this queue only. May be given more than once.',
    }),
    http: httpAddress({
      helpValue: '[HOST:]PORT',
      description:
        'Serve /metrics for Prometheus, /livez, /readyz, /status.json and a live page there. The host is 127.0.0.1 unless given; port 0 takes a free one.',
    }),
    ticker: Flags.boolean({
      allowNo: true,
      default: true,
      description: 'Tick and maintain the queues whose root is among the nodes; not needed where pgqd does it.',
    }),
    role: Flags.option({
      options: runRoles,
      default: 'all' as const,
      description:
        'worker: only replay and first copies. ticker: only tick and maintain. Several processes can share the work.',
    })(),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(RunCommand);
    let reload: () => void = () => undefined;
    const signal = this.stopSignal(() => reload());
    const display = createProgress({ stream: process.stderr, paint: this.errorPaint, json: flags.json });
    const log: Log = (record) => {
      const now = new Date().toISOString();
      if (flags.json) tell(process.stdout, `${logJson(record, now)}\n`);
      else display.report({ kind: 'note', node: record.node, text: logText(record, now) });
    };
    if (flags.json) log(versionRecord(toolVersion()));
    try {
      await run({
        files: flags.file,
        queues: flags.queue,
        nodes: flags.node,
        role: flags.ticker ? flags.role : 'worker',
        env: process.env,
        log,
        report: display.report,
        explain,
        onReload: (callback) => {
          reload = callback;
        },
        http: flags.http,
        statusDocument: statusJson,
        signal,
      });
    } finally {
      display.stop();
    }
  }

  /** In one line, as all that it prints. */
  protected override printProblemsJson(problems: readonly Problem[]): void {
    this.print(JSON.stringify({ problems: problems.map(problemJson) }));
  }
}
