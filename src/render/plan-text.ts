import { diffLines } from 'diff';
import { formatCount } from '../model/amounts.ts';
import { isCaptureOption } from '../model/capture.ts';
import { assertNever } from '../model/exhaustive.ts';
import type { NodeHeading, PlanView } from '../model/plan-view.ts';
import type { CreateTable, Step } from '../model/step.ts';
import type { NodeRole } from '../model/topology.ts';
import { schemaGroups, tableText, tickerSettings } from './describe-step.ts';
import type { Paint } from './paint.ts';
import { type Change, changeOf, copyAmount, hazardsOf, type PlanSummary, summarize } from './plan-summary.ts';
import { tableOptions } from './table-options.ts';
import { countOf } from './units.ts';

/** The plan as a review: a header per node, a line per step with its details below, the sum, and what needs consent. */
export function planText(plan: PlanView, paint: Paint): string {
  if (plan.steps.length === 0) return nothingText(plan);
  const blocks = groupSteps(plan).map(({ header, steps }) =>
    [paint.strong(header), ...steps.flatMap((step) => stepLines(step, plan.drift.has(step.id), paint))].join('\n'),
  );
  const sum = [summaryText(summarize(plan), paint), ...driftText(plan), ...leftOutText(plan)];
  return [...blocks, sum.join('\n'), ...consentText(plan, paint)].join('\n\n');
}

/** What the plan says nothing about. */
export function leftOutText(plan: PlanView): string[] {
  const unseen = unseenNodes(plan);
  return [
    ...(unseen === 0 ? [] : [`Left out: ${countOf(unseen, 'node')} that could not be looked at.`]),
    ...(plan.leftOut.length === 0
      ? []
      : [`Left out on request: ${countOf(plan.leftOut.length, 'step')} of the whole plan.`]),
  ];
}

/** Nodes that the plan says nothing of, as they did not answer. */
export function unseenNodes(plan: { readonly warnings: readonly { readonly code: string }[] }): number {
  return plan.warnings.filter(({ code }) => code === 'node_unreachable').length;
}

export function summaryText(summary: PlanSummary, paint: Paint): string {
  const size = summary.copy === 0 ? '' : ` (${copyAmount(summary)})`;
  const parts = [
    `${formatCount(summary.add)} to add`,
    `${formatCount(summary.change)} to change`,
    `${formatCount(summary.remove)} to remove`,
    `${formatCount(summary.copy)} to copy${size}`,
  ];
  return `${paint.strong('Plan:')} ${parts.join(', ')}.`;
}

export function driftText(plan: PlanView): string[] {
  const drifted = plan.steps.filter((step) => plan.drift.has(step.id));
  if (drifted.length === 0) return [];
  const queues = new Set<string>(drifted.flatMap((step) => ('queue' in step ? [step.queue] : [])));
  const times = new Set(
    [...plan.lastApplied]
      .filter(([queue]) => queues.size === 0 || queues.has(queue))
      .map(([, { at, by }]) => (by === null ? at : `${at}, by ${by}`)),
  );
  const [when] = times;
  const since = times.size === 1 ? ` (${when})` : '';
  const steps = `${countOf(drifted.length, 'step')} ${drifted.length === 1 ? 'mends' : 'mend'}`;
  return [`≠ drift: ${steps} what was changed in a database since the last apply${since}.`];
}

export function nothingText(plan: PlanView): string {
  const unseen = unseenNodes(plan);
  if (unseen > 0) return `No changes where a look was possible; ${countOf(unseen, 'node')} could not be looked at.`;
  if (plan.leftOut.length > 0) return `No changes in what was asked for. ${leftOutText(plan).join(' ')}`;
  if (plan.warnings.length > 0) return 'No changes to make. See the warnings.';
  return 'No changes. The databases are as the file says.';
}

export interface Group {
  readonly header: string;
  readonly steps: readonly Step[];
}

/** Nodes in the order of the file; what belongs to a whole database stands with its node where it has just one. */
export function groupSteps(plan: PlanView): Group[] {
  const nodes = plan.nodes.map((node) => ({
    node,
    key: `${node.queue}/${node.node}`,
    header: nodeHeader(node),
  }));
  const groups = new Map<string, { header: string; steps: Step[] }>();
  const alone = new Map<string, string>();
  for (const { node, key } of nodes) alone.set(node.database, alone.has(node.database) ? '' : key);
  for (const [database, key] of alone)
    if (key === '') groups.set(database, { header: `database ${database}`, steps: [] });
  for (const { key, header } of nodes) groups.set(key, { header, steps: [] });
  for (const step of plan.steps) {
    const key =
      step.kind === 'install_schemas' ? alone.get(step.database) || step.database : `${step.queue}/${step.node}`;
    const group = groups.get(key);
    if (group !== undefined) group.steps.push(step);
    else groups.set(key, { header: leftOverHeader(step), steps: [step] });
  }
  return [...groups.values()].filter((group) => group.steps.length > 0);
}

function nodeHeader({ queue, node, role, database, provider, mergesInto }: NodeHeading): string {
  const reads = provider === null ? '' : `, reads from ${provider}`;
  const merges = mergesInto === null ? '' : `, merges into ${mergesInto}`;
  return `${node}: ${role} of ${queue} on database ${database}${reads}${merges}`;
}

function leftOverHeader(step: Step): string {
  return 'node' in step
    ? `${step.node}: no longer in the file, on database ${step.database}`
    : `database ${step.database}`;
}

function stepLines(step: Step, drifted: boolean, paint: Paint): string[] {
  const change = changeOf(step);
  const [what, details] = contentOf(step);
  return [
    `  ${marks[change](paint)} ${what}${drifted ? `   ${paint.changed('≠ drift')}` : ''}`,
    ...details.map((line) => `        ${line}`),
    ...step.hazards.map(({ kind, detail }) =>
      kind === 'copies-data'
        ? `      ${paint.created('>')} ${kind}: ${detail}`
        : `      ${paint.failed('!')} ${kind}: ${detail}`,
    ),
  ];
}

const marks: Readonly<Record<Change, (paint: Paint) => string>> = {
  add: (paint) => paint.created('  +'),
  change: (paint) => paint.changed('  ~'),
  replace: (paint) => paint.replaced('-/+'),
  remove: (paint) => paint.removed('  -'),
};

/** What the line says, and the attributes below it: as they will be, or before and after. */
export function contentOf(step: Step): readonly [what: string, details: readonly string[]] {
  switch (step.kind) {
    case 'install_schemas':
      return [schemaGroups(step.schemas).join(' and '), []];
    case 'create_root':
      return [
        `node ${step.node}`,
        attributes([
          ['worker', step.worker],
          ['location', step.location],
        ]),
      ];
    case 'create_branch':
    case 'create_leaf':
      if (step.existing) return [`subscription of ${step.node} at ${step.provider}`, []];
      return [
        `node ${step.node}`,
        attributes([
          ['provider', step.provider],
          ...(step.kind === 'create_leaf' && step.mergesInto !== undefined
            ? [['merges into', step.mergesInto] as const]
            : []),
          ['worker', step.worker],
          ['location', step.location],
        ]),
      ];
    case 'change_provider':
      return [`provider of ${step.node}`, changes([['provider', step.from, step.to]])];
    case 'change_role':
      return [`role of ${step.node}`, changes([['role', step.from, step.to]])];
    case 'move_root':
      return [`root of ${step.queue}`, changes([['root', step.from, step.node]])];
    case 'reopen_root':
      return [`root of ${step.queue}: takes writes again, after a move that was cut short`, []];
    case 'replace_root':
      return [
        `root of ${step.queue}, without ${step.from}, which does not answer`,
        changes([['root', step.from, step.node]]),
      ];
    case 'fence_root':
      return [`root of ${step.queue}: ${step.node}, which ${step.root} has replaced, takes no more writes`, []];
    case 'rename_node':
      return [`name of ${step.node}`, changes([['node', step.from, step.node]])];
    case 'rename_table': {
      const apart = step.nodes.flatMap(({ node, names }) =>
        names === undefined || names.to === step.table ? [] : [`${names.to} on ${node}`],
      );
      return [
        `name of ${step.table}`,
        [
          ...changes([['table', step.from, step.table]]),
          ...attributes([
            ...listed(
              'waits for',
              step.nodes.map(({ node }) => node),
            ),
            ...listed('stays', apart),
          ]),
        ],
      ];
    }
    case 'remove_subscription':
      return [`subscription of ${step.subscriber}, which reads elsewhere`, []];
    case 'set_ticker': {
      const from = new Map(step.from === undefined ? [] : tickerSettings(step.from));
      const to = tickerSettings(step.to);
      return [
        'ticker',
        step.from === undefined ? attributes(to) : changes(to.map(([key, value]) => [key, from.get(key), value])),
      ];
    }
    case 'set_location':
      return [`location of ${step.member}`, changes([['location', step.from, step.to]])];
    case 'create_schema':
      return [`create schema ${step.schema}`, statementLines(step.statements)];
    case 'create_type':
      return [`create type ${step.type}`, statementLines(step.statements)];
    case 'create_sequence':
      return [`create sequence ${step.sequence}`, statementLines(step.statements)];
    case 'create_table':
      return [`create table ${step.destination}`, [...statementLines(step.statements), ...keyLines(step)]];
    case 'add_table':
      return [
        `table ${tableText(step.table)}`,
        attributes([
          ...tableOptions(step.table).flatMap(([key, value]) => (value === undefined ? [] : [[key, value] as const])),
          ...captureLine(step.role, step.triggerArgs),
          ...(step.triggerArgs.includes('expect_sync') ? [['first copy', 'none: the rows are there'] as const] : []),
        ]),
      ];
    case 'change_table':
    case 'set_table_options': {
      const from = new Map(tableOptions(step.from));
      return [
        `table ${step.to.name}`,
        changes([
          ['target', step.from.destination, step.to.destination],
          ...tableOptions(step.to).map(([key, value]) => [key, from.get(key), value] as const),
        ]),
      ];
    }
    case 'resync_table':
      return [
        `table ${tableText(step.table)}: copied again`,
        step.merged.length === 0
          ? []
          : attributes([['together with', step.merged.map(({ queue, node }) => `${node} of ${queue}`).join(', ')]]),
      ];
    case 'remove_table':
      return [`table ${tableText({ name: step.table, destination: step.destination })}`, []];
    case 'restore_triggers':
      return [
        `triggers of ${step.table.destination}: ${step.because}`,
        attributes(captureLine(step.role, step.triggerArgs)),
      ];
    case 'add_sequence':
    case 'remove_sequence':
      return [`sequence ${step.sequence}`, []];
    case 'execute_file':
      return [
        `SQL file ${step.file.name}, on ${step.nodes.map(({ node }) => node).join(', ')}`,
        statementLines([step.file.sql.trim()]),
      ];
    case 'drop_node':
      return [`node ${step.node}`, []];
    default:
      return assertNever(step);
  }
}

/** What a table's own function can not do is done for each row by pgq's. */
function captureLine(role: NodeRole, triggerArgs: readonly string[]): readonly (readonly [string, string])[] {
  const options = triggerArgs.filter((arg) => isCaptureOption(arg) || arg.startsWith('tgflags='));
  return role === 'leaf' || options.length === 0 ? [] : [['capture', `${options.join('; ')} (row by row)`]];
}

const shownLines = 24;
const shownColumns = 400;

/** The first lines of what runs; a plan as JSON has all of it. */
function statementLines(statements: readonly string[]): string[] {
  const lines = statements.flatMap((statement) => statement.split('\n')).map(cut);
  // One line more is shorter than the word of it.
  if (lines.length <= shownLines + 1) return lines;
  return [...lines.slice(0, shownLines), `… and ${countOf(lines.length - shownLines, 'line')} more, see plan --json`];
}

function cut(line: string): string {
  const rest = line.length - shownColumns;
  return rest <= 0
    ? line
    : `${line.slice(0, shownColumns).replace(/[\uD800-\uDBFF]$/, '')}… and ${countOf(rest, 'character')} more, see plan --json`;
}

function keyLines({ foreignKeys }: CreateTable): string[] {
  if (foreignKeys.length === 0) return [];
  return ['-- once both tables hold their rows:', ...foreignKeys.map(({ sql }) => `${sql};`)];
}

function attributes(pairs: readonly (readonly [string, string])[]): string[] {
  const width = Math.max(...pairs.map(([key]) => key.length));
  return pairs.map(([key, value]) => `${key.padEnd(width)}  ${value}`);
}

function listed(key: string, names: readonly string[]): (readonly [string, string])[] {
  return names.length === 0 ? [] : [[key, names.join(', ')]];
}

function changes(values: readonly (readonly [string, string | undefined, string | undefined])[]): string[] {
  const changed = values.filter(([, from, to]) => from !== to);
  const short = changed.filter(([, from, to]) => isShort(from) && isShort(to));
  const long = changed.filter(([, from, to]) => !(isShort(from) && isShort(to)));
  return [
    ...(short.length === 0
      ? []
      : attributes(short.map(([key, from, to]) => [key, `${from ?? '(none)'} -> ${to ?? '(none)'}`]))),
    ...long.flatMap(([key, from, to]) => [key, ...lineDiff(from ?? '', to ?? '')]),
  ];
}

export function consentText(plan: PlanView, paint: Paint): string[] {
  const { allowed } = plan;
  const hazards = hazardsOf(plan);
  const asked = [...hazards].filter(([kind]) => !allowed.has(kind));
  const given = [...hazards.keys()].filter((kind) => allowed.has(kind));
  const lines: string[] = [];
  if (asked.length > 0) {
    const kinds = asked.map(([kind, steps]) => `${kind} (${countOf(steps.length, 'step')})`);
    lines.push(`${paint.strong('Needs your consent:')} ${kinds.join(', ')}.`);
    lines.push(`Apply it with --allow ${asked.map(([kind]) => kind).join(',')}`);
  }
  if (given.length > 0) lines.push(`Allowed already: ${given.join(', ')}.`);
  return lines.length === 0 ? [] : [lines.join('\n')];
}

const shortest = 60;

function isShort(text: string | undefined): boolean {
  return text === undefined || (text.length <= shortest && !text.includes('\n'));
}

/** Lines that went and lines that came, as a review shows them. */
function lineDiff(from: string, to: string): string[] {
  return diffLines(from, to, { stripTrailingCr: true }).flatMap(({ value, added, removed }) =>
    value
      .replace(/\n$/, '')
      .split('\n')
      .map((line) => `${added ? '+' : removed ? '-' : ' '} ${line}`),
  );
}
