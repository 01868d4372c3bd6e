import { Args, Flags } from '@oclif/core';
import { destroy } from '../../app/destroy.ts';
import { isIncomplete } from '../../app/plan.ts';
import { type HazardKind, hazardKinds } from '../../model/hazard.ts';
import { appliedJson, appliedText } from '../../render/applied.ts';
import { problemSentences } from '../../render/describe-problem.ts';
import { describeStep } from '../../render/describe-step.ts';
import { planText } from '../../render/plan-text.ts';
import { planView } from '../../render/plan-view.ts';
import { BaseCommand } from '../base-command.ts';
import { confirm } from '../confirm.ts';
import { exitCodes } from '../exit-codes.ts';
import { createProgress } from '../progress.ts';

export class DestroyCommand extends BaseCommand {
  static override summary = 'Take cascades apart: nodes, queues, triggers. Tables of yours stay.';
  static override description =
    'Shows the plan, asks for the name of each queue, and carries it out, leaves first. Steps need the same consent as with apply. It may be ended at any point and run again. A node that others still read from stays. Stop "trunkline run" for the nodes first.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> replika',
    '<%= config.bin %> <%= command.id %> replika --node dst2',
    '<%= config.bin %> <%= command.id %> replika --auto-approve --allow stops-replication,loses-events --uninstall',
  ];
  static override strict = false;
  static override args = {
    queue: Args.string({
      required: false,
      description: 'A queue of the file; more may follow. Left out: all of them.',
    }),
  };
  static override flags = {
    node: Flags.string({
      multiple: true,
      multipleNonGreedy: true,
      default: [],
      helpValue: 'NODE',
      description: 'This node only. May be given more than once.',
    }),
    'auto-approve': Flags.boolean({ description: 'Do not ask. The queues must be named then.' }),
    allow: Flags.option({
      options: hazardKinds,
      multiple: true,
      multipleNonGreedy: true,
      delimiter: ',',
      default: async (): Promise<HazardKind[]> => [],
      helpValue: 'HAZARD,…',
      description: 'Consent to these hazards: stops-replication for every node, loses-events for a queue that goes.',
    })(),
    uninstall: Flags.boolean({
      description: 'Then take away the SQL that apply installed, from databases that have no queue left.',
    }),
    'lock-timeout': Flags.integer({
      default: 0,
      min: 0,
      helpValue: 'SECONDS',
      description: 'How long to wait while somebody else applies.',
    }),
  };

  async run(): Promise<void> {
    const { flags, argv } = await this.parse(DestroyCommand);
    const signal = this.stopSignal();
    const display = createProgress({ stream: process.stderr, paint: this.errorPaint, json: flags.json });
    const tell = (text: string) => (flags.json ? this.note(text) : this.print(text));
    const { plan, walked, cleared } = await destroy({
      files: flags.file,
      queues: argv.map(String),
      nodes: flags.node,
      env: process.env,
      allow: flags.allow,
      lockTimeoutMs: flags['lock-timeout'] * 1000,
      uninstall: flags.uninstall,
      workerTimeoutMs: 60_000,
      describe: describeStep,
      explain: problemSentences,
      show: ({ plan: made, desired, allowed }) => {
        tell(planText(planView(made, desired, allowed), flags.json ? this.errorPaint : this.paint));
        this.printWarnings(made.warnings);
      },
      confirm: flags['auto-approve']
        ? undefined
        : (queue) => confirm(`Type the name of the queue to take ${queue} apart: `, signal, queue),
      report: display.report,
      signal,
    }).finally(() => display.stop());
    if (flags.json) this.printJson({ ...appliedJson(plan, walked), cleared });
    else {
      if (walked !== undefined) this.print(appliedText(plan, this.paint));
      if (cleared.length > 0) this.print(`SQL taken away from ${cleared.join(', ')}.`);
    }
    if (isIncomplete(plan)) this.endWith(exitCodes.failed);
  }
}
