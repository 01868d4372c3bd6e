import { Args, Flags } from '@oclif/core';
import { plan } from '../../app/plan.ts';
import { readSavedPlan } from '../../app/saved-plan.ts';
import { validateFiles } from '../../app/validate.ts';
import type { PlanView } from '../../model/plan-view.ts';
import { svg } from '../../render/graph-svg.ts';
import { dot, mermaid } from '../../render/graph-text.ts';
import { desiredView, planView } from '../../render/plan-view.ts';
import { type TopologyGraph, topologyGraph } from '../../render/topology-graph.ts';
import { BaseCommand } from '../base-command.ts';
import { createProgress } from '../progress.ts';

const formats: Readonly<Record<string, (graph: TopologyGraph) => string>> = { mermaid, dot, svg };

export class GraphCommand extends BaseCommand {
  static override summary = 'Draw the cascades, and what apply would change in them.';
  static override description =
    'Compares the files with the databases and colours the nodes that come, change and go; a saved plan is drawn without asking them, and so are the files alone with --desired.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --format svg > cascade.svg',
    '<%= config.bin %> <%= command.id %> change.plan --format dot | dot -Tpng > change.png',
  ];
  static override args = {
    planfile: Args.string({ required: false, description: 'A plan that "plan --out" saved.' }),
  };
  static override flags = {
    format: Flags.option({
      options: Object.keys(formats),
      default: 'mermaid',
      helpValue: Object.keys(formats).join('|'),
      description: 'The notation.',
    })(),
    desired: Flags.boolean({ description: 'The files alone: no database is asked.' }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(GraphCommand);
    const graph = topologyGraph(await this.viewOf(args.planfile, flags));
    if (flags.json) this.printJson({ formatVersion: 1, ...graph });
    else this.print((formats[flags.format] ?? mermaid)(graph));
  }

  private async viewOf(
    planFile: string | undefined,
    flags: { readonly file: readonly string[]; readonly desired: boolean },
  ): Promise<Pick<PlanView, 'nodes' | 'steps'>> {
    if (planFile !== undefined) return readSavedPlan(planFile);
    if (flags.desired) return { nodes: desiredView((await validateFiles(flags.file, process.env)).desired), steps: [] };
    const signal = this.stopSignal();
    const display = createProgress({ stream: process.stderr, paint: this.errorPaint, json: true });
    const options = { files: flags.file, env: process.env, report: display.report, signal };
    const { desired, plan: made } = await plan(options).finally(() => display.stop());
    this.printWarnings(made.warnings);
    return planView(made, desired);
  }
}
