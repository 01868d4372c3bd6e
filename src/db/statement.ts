import { type SequenceName, splitName, type TableName } from '../model/names.ts';

/** One SQL statement and its parameters. Values always travel as parameters. */
export interface Statement {
  readonly text: string;
  readonly values: readonly unknown[];
  /** The server refuses a text that holds more than one statement, also where it has no values. */
  readonly alone?: true;
  /** Prepared on its session under this name, which stands for this text alone. For what is run many times a second. */
  readonly name?: string;
  /** Prepared while the session has room for it. */
  readonly amongMany?: true;
}

export function sql(text: string, ...values: readonly unknown[]): Statement {
  return { text, values };
}

/** A statement whose plan is kept from its first run on. */
export function prepared(name: string, text: string, ...values: readonly unknown[]): Statement {
  return { text, values, name };
}

/** The same for one of any number of texts, such as those for each table. */
export function preparedAmongMany(text: string, ...values: readonly unknown[]): Statement {
  return { text, values, amongMany: true };
}

/** One identifier, always quoted. */
export function quoteIdent(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** `schema.table` as SQL reads it. */
export function quoteName(name: TableName | SequenceName): string {
  const parts = splitName(name);
  return `${quoteIdent(parts.schema)}.${quoteIdent(parts.name)}`;
}

export function quoteLiteral(text: string): string {
  const quoted = `'${text.replaceAll("'", "''")}'`;
  return text.includes('\\') ? ` E${quoted.replaceAll('\\', '\\\\')}` : quoted;
}
