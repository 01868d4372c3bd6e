declare const brand: unique symbol;
type Brand<Base, Tag extends string> = Base & { readonly [brand]: Tag };

export type DatabaseName = Brand<string, 'DatabaseName'>;
export type QueueName = Brand<string, 'QueueName'>;
export type NodeName = Brand<string, 'NodeName'>;
/** Raw `schema.table`, never quoted; split at the first dot, as Londiste does. */
export type TableName = Brand<string, 'TableName'>;
/** Raw `schema.sequence`, never quoted. */
export type SequenceName = Brand<string, 'SequenceName'>;
/** A boolean SQL expression over one row of one table. */
export type RowFilter = Brand<string, 'RowFilter'>;
/** A libpq keyword string without a password: what `pgq_node.node_location` holds. */
export type Location = Brand<string, 'Location'>;

export const databaseName = (text: string): DatabaseName => text as DatabaseName;
export const queueName = (text: string): QueueName => text as QueueName;
export const nodeName = (text: string): NodeName => text as NodeName;
export const rowFilter = (text: string): RowFilter => text as RowFilter;
export const location = (text: string): Location => text as Location;

/** A bare name gets `public.` here, once. */
export const tableName = (text: string): TableName => qualified(text) as TableName;
export const sequenceName = (text: string): SequenceName => qualified(text) as SequenceName;

/** Schema and name of a table or sequence: the first dot parts them. */
export function splitName(name: TableName | SequenceName): { readonly schema: string; readonly name: string } {
  const dot = name.indexOf('.');
  return { schema: name.slice(0, dot), name: name.slice(dot + 1) };
}

/** Schemas of the machinery itself and of the server: never replicated. */
export function isInternal(name: TableName | SequenceName): boolean {
  return /^(pgq|pg_|trunkline(_|$))|^(londiste|information_schema)$/.test(splitName(name).schema);
}

function qualified(text: string): string {
  return text.includes('.') ? text : `public.${text}`;
}
