import { setTimeout as delay } from 'node:timers/promises';
import { Flags } from '@oclif/core';
import { status } from '../../app/status.ts';
import { type CascadeStatus, worstOf } from '../../model/status.ts';
import { statusJson } from '../../render/status-json.ts';
import { statusText } from '../../render/status-text.ts';
import { BaseCommand } from '../base-command.ts';
import { exitCodes } from '../exit-codes.ts';

export class StatusCommand extends BaseCommand {
  static override summary = 'Show how every node is: lag, tables, workers, errors.';
  static override description =
    'The cascade as a tree. A node is ok when its triggers are there and enabled, every table is in sync, it has caught up or is catching up, and its worker is alive; anything else is named. Starts nothing and changes nothing.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --watch 2',
    '<%= config.bin %> <%= command.id %> --json --check',
  ];
  static override flags = {
    check: Flags.boolean({ description: 'End with status 2 when anything is not ok.' }),
    watch: Flags.integer({
      min: 1,
      helpValue: 'SECONDS',
      description: 'Show it again every so many seconds, until Ctrl-C.',
      exclusive: ['check'],
    }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(StatusCommand);
    const signal = this.stopSignal();
    if (flags.watch !== undefined) {
      await this.watch(flags.watch * 1000, flags.file, flags.json, signal);
      return;
    }
    const seen = await this.look(flags.file, signal);
    if (seen === undefined) {
      this.endWith(exitCodes.failed);
      return;
    }
    if (flags.json) this.printJson(statusJson(seen));
    else this.print(statusText(seen, this.paint));
    const verdict = worstOf(seen.queues.flatMap(({ nodes }) => nodes.map((node) => node.verdict)));
    if (flags.check && verdict !== 'ok') this.endWith(exitCodes.different);
  }

  /** On a terminal the screen is drawn anew each time; elsewhere each look follows the one before. */
  private async watch(everyMs: number, files: readonly string[], json: boolean, signal: AbortSignal): Promise<void> {
    const redraw = process.stdout.isTTY && !json;
    while (!signal.aborted) {
      const seen = await this.look(files, signal);
      if (seen === undefined) return;
      if (json) this.print(JSON.stringify(statusJson(seen)));
      else if (redraw) this.print(`\u001B[H\u001B[2J\u001B[3J${statusText(seen, this.paint)}`);
      else this.print(`${new Date().toISOString()}\n${statusText(seen, this.paint)}\n`);
      await delay(everyMs, undefined, { signal }).catch(() => undefined);
    }
  }

  /** Undefined after Ctrl-C. */
  private look(files: readonly string[], signal: AbortSignal): Promise<CascadeStatus | undefined> {
    const looking = status({ files, env: process.env, report: () => undefined, signal });
    return looking.catch((error: unknown) => {
      if (!signal.aborted) throw error;
      return undefined;
    });
  }
}
