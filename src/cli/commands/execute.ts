import { Args, Flags } from '@oclif/core';
import { execute } from '../../app/execute.ts';
import { ApplyingCommand, applyingFlags } from '../applying-command.ts';

export class ExecuteCommand extends ApplyingCommand {
  static override summary = 'Run SQL files once on every node of a queue, at the same place in the stream.';
  static override description =
    'Each file is tried on every node first, in a transaction that is rolled back, which also shows what it locks, rewrites and drops. Then it runs on the root and travels down the queue. The name of a file is its identity: it runs once per database. "@schema.table@" stands for the name that a table has on each node, where a line "--*-- Local-Table: schema.table" at the head of the file names it.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> 0007_add_note.sql',
    '<%= config.bin %> <%= command.id %> fix.sql --queue shop --auto-approve --allow takes-exclusive-lock',
  ];
  static override strict = false;
  static override args = {
    sqlfile: Args.string({ required: true, description: 'An SQL file. More may follow; they run in that order.' }),
  };
  static override flags = {
    ...applyingFlags,
    queue: Flags.string({ helpValue: 'QUEUE', description: 'The queue; needed where the files have several.' }),
  };

  async run(): Promise<void> {
    const { flags, argv } = await this.parse(ExecuteCommand);
    const executed = await this.applying(flags, { asked: !flags['auto-approve'] }, (options) =>
      execute({ ...options, sqlFiles: argv.map(String), queue: flags.queue }),
    );
    for (const name of executed.passedOver) {
      this.note(`${name} has run before and is passed over; give it another name to run it again.`);
    }
    await this.finish(executed, flags.json);
  }
}
