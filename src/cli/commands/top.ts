import { setTimeout as delay } from 'node:timers/promises';
import { status } from '../../app/status.ts';
import { systemClock } from '../../app/system-clock.ts';
import { ToolError } from '../../model/problem.ts';
import type { CascadeStatus } from '../../model/status.ts';
import { type CascadeRates, topLines } from '../../render/top-text.ts';
import { BaseCommand } from '../base-command.ts';
import { watchRates } from '../cascade-rates.ts';
import { durationFlag } from '../duration-flag.ts';
import { fullScreen } from '../full-screen.ts';

export class TopCommand extends BaseCommand {
  static override summary = 'Watch the cascade live in the terminal.';
  static override description =
    'Lag, ticks, changes and bytes a second, table states, copies and errors of every node, drawn anew every two seconds. q or Ctrl-C quits. Needs a terminal; elsewhere use "status --watch". Starts nothing and changes nothing.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --interval 500ms -f production.yaml',
  ];
  static override flags = {
    interval: durationFlag({
      default: 2_000,
      defaultHelp: async () => '2s',
      description: 'How often to look; 200ms at the least.',
    }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(TopCommand);
    if (flags.json) throw this.refusal('it draws a screen: programs read "trunkline status --watch 2 --json"');
    if (flags.interval < 200) throw this.refusal('--interval is shorter than 200ms');
    if (!process.stdout.isTTY || process.env.TERM === 'dumb')
      throw this.refusal(
        'it needs a terminal that can be drawn on: use "trunkline status" or "trunkline status --watch 2"',
      );
    const signal = this.stopSignal();
    const rates = watchRates();
    let seen: { readonly status: CascadeStatus; readonly rates: CascadeRates; readonly time: string } | undefined;
    using screen = fullScreen(process.stdin, process.stdout, () => draw());
    const stop = AbortSignal.any([signal, screen.quit]);
    const draw = () => {
      if (seen === undefined || stop.aborted) return;
      const { width, height } = screen;
      const drawn = { width, height, time: seen.time, everyMs: flags.interval };
      screen.draw(topLines(seen.status, seen.rates, drawn, this.paint));
    };
    screen.draw(['trunkline top: reading the databases…']);
    while (!stop.aborted) {
      const read = await status({ files: flags.file, env: process.env, report: () => undefined, signal: stop }).catch(
        (error: unknown) => {
          if (!stop.aborted) throw error;
          return undefined;
        },
      );
      if (read === undefined) return;
      const time = new Date().toTimeString().slice(0, 8);
      seen = { status: read, rates: rates.next(read, systemClock.now()), time };
      draw();
      await delay(flags.interval, undefined, { signal: stop }).catch(() => undefined);
    }
  }

  private refusal(detail: string): ToolError {
    return new ToolError([{ code: 'usage_invalid', command: 'top', detail }]);
  }
}
