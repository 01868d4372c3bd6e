import type { Connector } from '../db/connector.ts';
import { readDriverError } from '../db/driver-errors.ts';
import { transaction } from '../db/transaction.ts';
import type { AssertionSpec } from '../model/assertion.ts';
import { type Problem, ToolError } from '../model/problem.ts';
import { eachDatabase } from './each-database.ts';

/** Asks every question, all databases side by side; gives a problem for each that is not answered with true. */
export function checkAssertions(
  connector: Connector,
  assertions: readonly AssertionSpec[],
  signal?: AbortSignal,
): Promise<readonly Problem[]> {
  return eachDatabase(assertions, (_, own) => askAll(connector, own, signal));
}

async function askAll(
  connector: Connector,
  assertions: readonly AssertionSpec[],
  signal: AbortSignal | undefined,
): Promise<readonly Problem[]> {
  const problems: Problem[] = [];
  for (const assertion of assertions) {
    try {
      problems.push(...(await ask(connector, assertion, signal)));
    } catch (error) {
      signal?.throwIfAborted();
      problems.push(unusable(assertion, detailOf(error, assertion)));
    }
  }
  return problems;
}

/** On a connection of its own: what a question leaves behind, such as a setting, is nobody else's. */
async function ask(
  connector: Connector,
  assertion: AssertionSpec,
  signal: AbortSignal | undefined,
): Promise<readonly Problem[]> {
  await using session = await connector(assertion.database, {
    applicationName: 'trunkline assert',
    settings: { statement_timeout: `${assertion.timeoutMs}ms` },
    signal,
  });
  // One statement only: a second one could end the transaction that keeps the first from writing.
  const rows = await transaction(
    session,
    () => session.query({ text: assertion.sql, values: [], alone: true }),
    'isolation level repeatable read, read only',
  );
  const [row, ...others] = rows;
  if (others.length > 0) return [unusable(assertion, `it gives ${rows.length} rows where one is expected`)];
  const answer = row === undefined ? undefined : Object.values(row)[0];
  if (answer === true) return [];
  if (row !== undefined && answer !== false && answer !== null) {
    return [unusable(assertion, 'the first column of its answer is not true or false')];
  }
  const { at, name, database, message } = assertion;
  const said = row === undefined ? 'no row' : answer === null ? 'null' : 'false';
  return [{ code: 'assertion_failed', at, assertion: name, database, answer: said, message }];
}

function unusable({ at, name, database }: AssertionSpec, detail: string): Problem {
  return { code: 'assertion_unusable', at, assertion: name, database, detail };
}

function detailOf(error: unknown, { database, timeoutMs }: AssertionSpec): string {
  if (error instanceof ToolError) return `database ${database} does not answer`;
  const known = readDriverError(error);
  if (known === undefined) throw error;
  return known.sqlstate === '57014' ? `it took longer than ${timeoutMs / 1000} seconds` : known.message;
}
