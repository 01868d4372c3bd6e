import { Flags } from '@oclif/core';
import { installSql } from '../../app/sql.ts';
import { bundledSchemas } from '../../model/schemas.ts';
import { ToolCommand } from '../base-command.ts';

export class SqlCommand extends ToolCommand {
  static override summary = 'Print the SQL that apply installs on a database.';
  static override description =
    'One transaction, for reading and for psql, in the order the schemas need each other. It records the versions, so that plan finds them installed.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> > install.sql && psql -X -d app -f install.sql',
    '<%= config.bin %> <%= command.id %> --schema pgq',
  ];
  static override flags = {
    schema: Flags.option({
      options: bundledSchemas.map(({ name }) => name),
      multiple: true,
      multipleNonGreedy: true,
      helpValue: 'NAME',
      description: 'This schema only. May be given more than once; all of them unless told.',
    })(),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(SqlCommand);
    this.print(installSql(flags.schema ?? []));
  }
}
