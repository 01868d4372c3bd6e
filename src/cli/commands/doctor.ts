import { Flags } from '@oclif/core';
import { doctor } from '../../app/doctor.ts';
import { doctorJson, doctorText } from '../../render/doctor-text.ts';
import { BaseCommand } from '../base-command.ts';
import { exitCodes } from '../exit-codes.ts';

export class DoctorCommand extends BaseCommand {
  static override summary = 'Find what hurts or will hurt, and say how to mend it.';
  static override description =
    'Looks at connections, rights, versions and settings of every database, at transactions that keep queues from being emptied, at tables and their triggers, at all nodes, and at what stands in the way of a plan. Starts nothing and changes nothing. With --json it prints what schemas/doctor.schema.json describes.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --check --json',
  ];
  static override flags = {
    check: Flags.boolean({ description: 'End with status 2 when there is any finding.' }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(DoctorCommand);
    const diagnosis = await doctor({
      files: flags.file,
      env: process.env,
      report: () => undefined,
      signal: this.stopSignal(),
    });
    if (flags.json) this.printJson(doctorJson(diagnosis));
    else this.print(doctorText(diagnosis, this.paint));
    if (flags.check && diagnosis.complaints.length > 0) this.endWith(exitCodes.different);
  }
}
