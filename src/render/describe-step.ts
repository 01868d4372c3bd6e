import { assertNever } from '../model/exhaustive.ts';
import type { SchemaChange } from '../model/schemas.ts';
import type { Step } from '../model/step.ts';
import type { TableSpec } from '../model/table.ts';
import type { TickerSettings } from '../model/topology.ts';

/** One line for progress, logs and errors. */
export function describeStep(step: Step): string {
  switch (step.kind) {
    case 'install_schemas':
      return `${installText(step.schemas)} on database ${step.database}`;
    case 'create_root':
      return `make ${step.node} the root of ${step.queue}`;
    case 'create_branch':
    case 'create_leaf':
      if (step.existing) return `subscribe ${step.node} to ${step.queue} at ${step.provider} again`;
      return `make ${step.node} a ${step.kind === 'create_branch' ? 'branch' : 'leaf'} of ${step.queue} that reads from ${step.provider}`;
    case 'change_provider':
      return `let ${step.node} read from ${step.to} instead of ${step.from}`;
    case 'change_role':
      return `make ${step.node} a ${step.to} of ${step.queue}`;
    case 'move_root':
      return `make ${step.node} the root of ${step.queue} instead of ${step.from}`;
    case 'reopen_root':
      return `let ${step.node}, the root of ${step.queue}, take writes again`;
    case 'replace_root':
      return `make ${step.node} the root of ${step.queue} in the place of ${step.from}, which does not answer`;
    case 'fence_root':
      return `keep ${step.node}, which ${step.root} has replaced as the root of ${step.queue}, from taking writes`;
    case 'rename_node':
      return `call node ${step.from} of ${step.queue} ${step.node}`;
    case 'rename_table':
      return `call table ${step.from} of ${step.queue} ${step.table}`;
    case 'remove_subscription':
      return `sign ${step.subscriber} off at ${step.node}`;
    case 'set_ticker':
      return `set the ticker of ${step.queue} on ${step.node}`;
    case 'set_location':
      return `tell ${step.node} where ${step.member} is`;
    case 'create_schema':
      return `create schema ${step.schema} on ${step.node}`;
    case 'create_type':
      return `create type ${step.type} on ${step.node}`;
    case 'create_sequence':
      return `create sequence ${step.sequence} on ${step.node}`;
    case 'create_table':
      return `create table ${step.destination} on ${step.node}`;
    case 'add_table':
      return `add table ${tableText(step.table)} on ${step.node}`;
    case 'change_table':
      return `change table ${tableText(step.to)} on ${step.node}`;
    case 'set_table_options':
      return `change how table ${tableText(step.to)} is replicated on ${step.node}`;
    case 'resync_table':
      return `copy table ${tableText(step.table)} again on ${step.node}`;
    case 'remove_table':
      return `remove table ${step.table} from ${step.node}`;
    case 'restore_triggers':
      return `make the triggers of ${step.table.destination} on ${step.node} again`;
    case 'add_sequence':
      return `add sequence ${step.sequence} on ${step.node}`;
    case 'remove_sequence':
      return `remove sequence ${step.sequence} from ${step.node}`;
    case 'execute_file':
      return `run SQL file ${step.file.name} on every node of ${step.queue}`;
    case 'drop_node':
      return `take ${step.node} out of ${step.queue}`;
    default:
      return assertNever(step);
  }
}

/** `app.orders`, or `app.orders -> archive.orders` where it has another name on the node. */
export function tableText(table: Pick<TableSpec, 'name' | 'destination'>): string {
  return table.destination === table.name ? table.name : `${table.name} -> ${table.destination}`;
}

function installText(schemas: readonly SchemaChange[]): string {
  const made = schemaGroups(schemas.filter(({ from }) => from === undefined));
  const raised = schemaGroups(schemas.filter(({ from }) => from !== undefined));
  return [
    made.length === 0 ? '' : `install ${made.join(' and ')}`,
    raised.length === 0 ? '' : `upgrade ${raised.join(' and ')}`,
  ]
    .filter((text) => text !== '')
    .join(', ');
}

/** `extensions pgq 3.5, pgq_node 3.5` and `schemas trunkline 2`: who reads it sees whose code it is. */
export function schemaGroups(schemas: readonly SchemaChange[]): readonly string[] {
  return (['extension', 'bundled'] as const).flatMap((source) => {
    const of = schemas.filter((schema) => schema.source === source);
    const word = source === 'extension' ? 'extensions' : 'schemas';
    return of.length === 0 ? [] : [`${word} ${of.map(schemaText).join(', ')}`];
  });
}

function schemaText({ name, version, from }: SchemaChange): string {
  return from === undefined ? `${name} ${version}` : `${name} ${from} -> ${version}`;
}

/** Named as in the file. */
export function tickerSettings(ticker: TickerSettings): readonly (readonly [key: string, value: string])[] {
  return [
    ['max_lag', interval(ticker.maxLagMs)],
    ['max_count', String(ticker.maxCount)],
    ['idle_period', interval(ticker.idlePeriodMs)],
    ['rotation_period', interval(ticker.rotationPeriodMs)],
  ];
}

/** The largest unit that needs no fraction. */
function interval(ms: number): string {
  for (const [unit, size] of [
    ['d', 86_400_000],
    ['h', 3_600_000],
    ['m', 60_000],
    ['s', 1000],
  ] as const) {
    if (ms >= size && ms % size === 0) return `${ms / size}${unit}`;
  }
  return `${ms}ms`;
}
