export type SchemaName = 'pgq' | 'pgq_ext' | 'pgq_node' | 'londiste' | 'trunkline';

/** `foreign`: the schema is there, but neither an extension nor Trunkline's installer put it there. */
export interface InstalledSchema {
  readonly source: 'bundled' | 'extension' | 'foreign';
  readonly version: string;
}

/** What every node needs, in the order it is installed. The versions are those of the originals, and our own. */
export const bundledSchemas: readonly { readonly name: SchemaName; readonly version: string }[] = [
  { name: 'pgq', version: '3.5' },
  { name: 'pgq_ext', version: '3.1' },
  { name: 'pgq_node', version: '3.5' },
  { name: 'londiste', version: '3.8' },
  { name: 'trunkline', version: '1' },
];
