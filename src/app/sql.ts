import { installText } from '../catalog/install.ts';
import { bundledSchemas, type SchemaName } from '../model/schemas.ts';

/** The install script of the schemas asked for, or of all: for reading, and for psql. */
export function installSql(names: readonly SchemaName[]): string {
  return installText(names.length === 0 ? bundledSchemas.map(({ name }) => name) : names);
}
