import type { Connector } from '../db/connector.ts';
import { readDriverError } from '../db/driver-errors.ts';
import type { Session } from '../db/session.ts';
import { quoteIdent, quoteName } from '../db/statement.ts';
import type { Expression, ExpressionFault } from '../model/expression.ts';
import { type DatabaseName, splitName } from '../model/names.ts';
import { eachDatabase } from './each-database.ts';

/** Has each database read the expressions over its tables as they will be used, without reading a row. Gives those that it refuses. */
export function tryExpressions(
  connector: Connector,
  expressions: readonly Expression[],
  signal: AbortSignal | undefined,
): Promise<readonly ExpressionFault[]> {
  return eachDatabase(expressions, (database, own) => tryOn(connector, database, own, signal));
}

async function tryOn(
  connector: Connector,
  database: DatabaseName,
  expressions: readonly Expression[],
  signal: AbortSignal | undefined,
): Promise<readonly ExpressionFault[]> {
  await using session = await connector(database, {
    applicationName: 'trunkline plan',
    settings: { default_transaction_read_only: 'on', statement_timeout: '5s', lock_timeout: '1s' },
    signal,
  });
  const faults: ExpressionFault[] = [];
  for (const expression of expressions) {
    const fault = await tryOne(session, expression);
    if (fault !== undefined) faults.push(fault);
  }
  return faults;
}

async function tryOne(session: Session, expression: Expression): Promise<ExpressionFault | undefined> {
  try {
    await session.query({ text: statement(expression), values: [], alone: true });
    return undefined;
  } catch (error) {
    const known = readDriverError(error);
    if (known === undefined) throw error;
    const { sqlstate, message } = known;
    return sqlstate !== undefined && (expression.node === undefined ? isFault(sqlstate) : isLacking(sqlstate))
      ? { expression, detail: message, sqlstate }
      : undefined;
  }
}

/** Wrong SQL, or SQL that fails whatever the row. A right that is missing, or a lock, says nothing of it. */
function isFault(sqlstate: string): boolean {
  return sqlstate !== '42501' && /^(42|22|0A|25006|08P01)/.test(sqlstate);
}

/** A function, an operator, or a way to write that its version has not. Tables and types may be on their way there. */
function isLacking(sqlstate: string): boolean {
  return sqlstate === '42883' || sqlstate === '42601';
}

/** Once in brackets, as all that use it do, and once without: what closes a bracket that it did not open is found out so. */
function statement({ node, row, table, partitioned, text, kind }: Expression): string {
  const captured = kind === 'captured condition' || kind === 'captured value';
  const alias = captured ? 'changed_row' : quoteIdent(splitName(table).name);
  const columns = row.map(({ name, type }) => `null::${type} as ${quoteIdent(name)}`).join(', ');
  const rows = node === undefined ? `${partitioned ? '' : 'only '}${quoteName(table)}` : `(select ${columns} offset 0)`;
  const from = `from ${rows} as ${alias}`;
  if (kind === 'condition' || kind === 'captured condition') {
    return `select case when ${text}\n then 1 end ${from} where (${text}\n) limit 0`;
  }
  return `select ${captured ? '' : `${alias}.*, `}(${text}\n), case when true then ${text}\n end ${from} limit 0`;
}
