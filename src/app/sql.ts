import { installText, upgradeText } from '../catalog/install.ts';
import { bundledSchemas, type InstalledVersion, type SchemaName } from '../model/schemas.ts';

/** The install script of the schemas asked for, or of all: for reading, and for psql. */
export function installSql(names: readonly SchemaName[]): string {
  return installText(names.length === 0 ? bundledSchemas.map(({ name }) => name) : names);
}

/** The script that brings schemas of the versions given up to date. */
export function upgradeSql(from: readonly InstalledVersion[]): string {
  return upgradeText(from);
}
