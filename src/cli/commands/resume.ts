import { Flags } from '@oclif/core';
import { retryTables } from '../../app/retry-tables.ts';
import { tellWorkers } from '../../app/tell-workers.ts';
import type { RetriedTable, ToldWorkers } from '../../model/control.ts';
import { workersJson } from '../../render/control-json.ts';
import { retriedTablesText, toldWorkersText } from '../../render/control-text.ts';
import { anyNodes, ControlCommand } from '../control-command.ts';
import { durationFlag } from '../duration-flag.ts';
import { exitCodes } from '../exit-codes.ts';
import { queueFlag } from '../queue-flag.ts';

export class ResumeCommand extends ControlCommand {
  static override summary = 'Let paused workers go on, or try parked tables again at once.';
  static override description =
    'Without --table, ends the pause of the nodes named, or of all, and waits until their workers have confirmed it. With --table, asks for another try of tables that are parked, and tells what came of it; a worker that is paused stays so. Ends with status 1 where a table still cannot go on.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> dst1',
    '<%= config.bin %> <%= command.id %> dst1 --table public.orders',
  ];
  static override strict = false;
  static override args = anyNodes;
  static override flags = {
    queue: Flags.string(queueFlag),
    table: Flags.string({
      multiple: true,
      multipleNonGreedy: true,
      helpValue: 'TABLE',
      description: 'Try this parked table again. May be given more than once.',
    }),
    timeout: durationFlag({
      default: 30_000,
      defaultHelp: async () => '30s',
      description: 'How long to wait for the worker to confirm it, or for the table to come back.',
    }),
  };

  async run(): Promise<void> {
    const { flags, argv } = await this.parse(ResumeCommand);
    const { table } = flags;
    if (table !== undefined) {
      const tables = await this.controlling(flags, argv, (options) => retryTables({ ...options, tables: table }));
      return this.tellTables(tables, flags.json);
    }
    this.tellWorkers(await this.controlling(flags, argv, (options) => tellWorkers(false, options)), flags.json);
  }

  private tellTables(tables: readonly RetriedTable[], json: boolean): void {
    if (json) this.printJson(workersJson({ nodes: [], problems: [] }, tables));
    else this.print(retriedTablesText(tables, this.paint));
    if (tables.some(({ outcome }) => outcome.kind === 'failed')) this.endWith(exitCodes.failed);
  }

  private tellWorkers(told: ToldWorkers, json: boolean): void {
    if (json) this.printJson(workersJson(told));
    else if (told.nodes.length > 0) this.print(toldWorkersText(told.nodes, this.paint));
    this.tellProblems(told.problems);
  }
}
