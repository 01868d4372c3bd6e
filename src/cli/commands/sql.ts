import { Errors, Flags } from '@oclif/core';
import { installSql, upgradeSql } from '../../app/sql.ts';
import { bundledSchemas, type InstalledVersion } from '../../model/schemas.ts';
import { ToolCommand } from '../base-command.ts';

export class SqlCommand extends ToolCommand {
  static override summary = 'Print the SQL that apply installs on a database, or upgrades it with.';
  static override description =
    'One transaction, for reading and for psql, in the order the schemas need each other. It records the versions, so that plan finds them installed. With --from it is an upgrade: scripts, functions and grants, with data kept.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> > install.sql && psql -X -d app -f install.sql',
    '<%= config.bin %> <%= command.id %> --schema pgq',
    '<%= config.bin %> <%= command.id %> --from pgq=3.5+1 --from londiste=3.8+1 > upgrade.sql',
  ];
  static override flags = {
    schema: Flags.option({
      options: bundledSchemas.map(({ name }) => name),
      multiple: true,
      multipleNonGreedy: true,
      helpValue: 'NAME',
      description: 'This schema only. May be given more than once; all of them unless told.',
    })(),
    from: Flags.custom<InstalledVersion>({
      multiple: true,
      multipleNonGreedy: true,
      exclusive: ['schema'],
      helpValue: 'NAME=VERSION',
      description:
        'Upgrade this schema from this version instead. "select component, version from trunkline.component" tells what a database has.',
      parse: async (input) => readVersion(input),
    })(),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(SqlCommand);
    this.print(flags.from === undefined ? installSql(flags.schema ?? []) : upgradeSql(flags.from));
  }
}

function readVersion(input: string): InstalledVersion {
  const [, name, version] = /^(\w+)=(\d+(?:\.\d+)*(?:\+\d+)?)$/.exec(input) ?? [];
  const schema = bundledSchemas.find((each) => each.name === name);
  if (schema === undefined || version === undefined) {
    const example = bundledSchemas.map((each) => `${each.name}=${each.version}`)[0];
    throw new Errors.CLIError(`"${input}" is no schema with its version, such as ${example}`);
  }
  return { name: schema.name, version };
}
