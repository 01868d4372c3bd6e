import { Args, Flags } from '@oclif/core';
import { type ChangeRootOptions, changeRoot, type FileEdit } from '../app/change-root.ts';
import { isIncomplete } from '../app/plan.ts';
import { editEvent, writtenEvent } from '../render/apply-events.ts';
import { fileDiff, fileDiffText } from '../render/file-diff.ts';
import { ApplyingCommand, type ApplyingFlags, applyingFlags } from './applying-command.ts';
import { exitCodes } from './exit-codes.ts';
import { queueFlag } from './queue-flag.ts';

export const rootArgs = {
  node: Args.string({ required: true, description: 'The node that is to be the root.' }),
};

export const rootFlags = {
  ...applyingFlags,
  queue: Flags.string(queueFlag),
  'dry-run': Flags.boolean({ description: 'Show what would change in the file and the plan, and change nothing.' }),
};

interface RootFlags extends ApplyingFlags {
  readonly queue: readonly string[] | undefined;
  readonly 'auto-approve': boolean;
  readonly 'dry-run': boolean;
}

/** Of the commands that give the root's place to another node: in the file first, then as `apply` does. */
export abstract class RootCommand extends ApplyingCommand {
  protected async change(kind: ChangeRootOptions['kind'], node: string, flags: RootFlags): Promise<void> {
    const applied = await this.applying(flags, { asked: !flags['auto-approve'] }, (options) =>
      changeRoot({
        ...options,
        kind,
        node,
        queues: flags.queue ?? [],
        dryRun: flags['dry-run'],
        showEdits: (edits) => this.showEdits(edits, flags.json),
        onWritten: ({ file }) => {
          if (flags.json) this.emit(writtenEvent(file));
          else this.note(`${file} is written.`);
        },
      }),
    );
    if (!flags['dry-run']) await this.finish(applied, flags.json);
    // The root that is given up is expected not to answer.
    if (kind === 'switchover' && isIncomplete(applied.plan)) this.endWith(exitCodes.failed);
  }

  private showEdits(edits: readonly FileEdit[], json: boolean): void {
    for (const edit of edits) {
      if (json) this.emit(editEvent(edit.file, fileDiff(edit)));
      else this.print(`${fileDiffText(edit, this.paint)}\n`);
    }
  }
}
