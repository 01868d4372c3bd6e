import { readSchema } from '../../app/read-config.ts';
import { ToolCommand } from '../base-command.ts';

export class SchemaCommand extends ToolCommand {
  static override summary = 'Print the JSON Schema of the file, for editors and other tools.';
  static override description =
    'Save it beside the file, and begin the file with: # yaml-language-server: $schema=./trunkline.schema.json';
  static override examples = [
    '<%= config.bin %> <%= command.id %> > trunkline.schema.json',
    '<%= config.bin %> <%= command.id %> | jq .definitions.node',
  ];

  async run(): Promise<void> {
    await this.parse(SchemaCommand);
    this.print(await readSchema());
  }
}
