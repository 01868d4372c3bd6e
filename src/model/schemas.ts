export type SchemaName = 'pgq' | 'pgq_ext' | 'pgq_node' | 'londiste' | 'trunkline';

/** `foreign`: the schema is there, but neither an extension nor Trunkline's installer put it there. */
export interface InstalledSchema {
  readonly source: 'bundled' | 'extension' | 'foreign';
  readonly version: string;
}
