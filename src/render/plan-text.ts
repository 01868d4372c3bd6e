import { formatBytes, formatCount } from '../model/amounts.ts';
import { assertNever } from '../model/exhaustive.ts';
import type { HazardKind } from '../model/hazard.ts';
import type { Plan } from '../model/plan.ts';
import type { DesiredState } from '../model/state.ts';
import type { CreateTable, Step } from '../model/step.ts';
import type { NodeSpec } from '../model/topology.ts';
import { schemaGroups, tableText, tickerSettings } from './describe-step.ts';
import type { Paint } from './paint.ts';
import { type Change, changeOf, hazardsOf, type PlanSummary, summarize } from './plan-summary.ts';
import { countOf } from './units.ts';

/** The plan as a review: a header per node, a line per step with its details below, the sum, and what needs consent. */
export function planText(plan: Plan, desired: DesiredState, allowed: ReadonlySet<HazardKind>, paint: Paint): string {
  const unseen = plan.warnings.filter((warning) => warning.code === 'node_unreachable').length;
  if (plan.steps.length === 0) return noChanges(unseen, plan.warnings.length > 0);
  const blocks = groupSteps(plan, desired).map(({ header, steps }) =>
    [paint.strong(header), ...steps.flatMap((step) => stepLines(step, plan.drift.has(step.id), paint))].join('\n'),
  );
  const sum = [summaryText(summarize(plan), paint), ...driftText(plan)];
  if (unseen > 0) sum.push(`Left out: ${countOf(unseen, 'node')} that could not be looked at.`);
  return [...blocks, sum.join('\n'), ...consentText(plan, allowed, paint)].join('\n\n');
}

function summaryText(summary: PlanSummary, paint: Paint): string {
  const size = summary.copy === 0 ? '' : ` (≈ ${countOf(summary.copyRows, 'row')}, ${formatBytes(summary.copyBytes)})`;
  const parts = [
    `${formatCount(summary.add)} to add`,
    `${formatCount(summary.change)} to change`,
    `${formatCount(summary.remove)} to remove`,
    `${formatCount(summary.copy)} to copy${size}`,
  ];
  return `${paint.strong('Plan:')} ${parts.join(', ')}.`;
}

function driftText(plan: Plan): string[] {
  const drifted = plan.steps.filter((step) => plan.drift.has(step.id));
  if (drifted.length === 0) return [];
  const queues = new Set(drifted.flatMap((step) => ('queue' in step ? [step.queue] : [])));
  const times = new Set(
    [...plan.lastApplied]
      .filter(([queue]) => queues.size === 0 || queues.has(queue))
      .map(([, { at, by }]) => (by === undefined ? at : `${at}, by ${by}`)),
  );
  const [when] = times;
  const since = times.size === 1 ? ` (${when})` : '';
  const steps = `${countOf(drifted.length, 'step')} ${drifted.length === 1 ? 'mends' : 'mend'}`;
  return [`≠ drift: ${steps} what was changed in a database since the last apply${since}.`];
}

function noChanges(unseen: number, warned: boolean): string {
  if (unseen === 0) {
    return warned ? 'No changes to make. See the warnings.' : 'No changes. The databases are as the file says.';
  }
  return `No changes where a look was possible; ${countOf(unseen, 'node')} could not be looked at.`;
}

interface Group {
  readonly header: string;
  readonly steps: readonly Step[];
}

/** Nodes in the order of the file; what belongs to a whole database stands with its node where it has just one. */
function groupSteps(plan: Plan, desired: DesiredState): Group[] {
  const nodes = [...desired.queues.values()].flatMap((queue) =>
    [...queue.nodes.values()].map((node) => ({
      node,
      key: `${queue.name}/${node.name}`,
      header: nodeHeader(node, queue.name),
    })),
  );
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

function nodeHeader(node: NodeSpec, queue: string): string {
  const { placement } = node;
  const reads = placement.role === 'root' ? '' : `, reads from ${placement.provider}`;
  const merges =
    placement.role === 'leaf' && placement.mergesInto !== undefined ? `, merges into ${placement.mergesInto}` : '';
  return `${node.name}: ${placement.role} of ${queue} on database ${node.database}${reads}${merges}`;
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
function contentOf(step: Step): readonly [what: string, details: readonly string[]] {
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
        step.table.where === undefined ? [] : attributes([['where', step.table.where]]),
      ];
    case 'change_table':
      return [
        `table ${step.to.name}`,
        changes([
          ['target', step.from.destination, step.to.destination],
          ['where', step.from.where, step.to.where],
        ]),
      ];
    case 'remove_table':
      return [`table ${tableText({ name: step.table, destination: step.destination })}`, []];
    case 'restore_triggers':
      return [`triggers of ${step.table.destination}: ${step.because}`, []];
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

const shownLines = 24;

/** The first lines of what runs; a plan as JSON has all of it. */
function statementLines(statements: readonly string[]): string[] {
  const lines = statements.flatMap((statement) => statement.split('\n'));
  // One line more is shorter than the word of it.
  if (lines.length <= shownLines + 1) return lines;
  return [...lines.slice(0, shownLines), `… and ${countOf(lines.length - shownLines, 'line')} more, see plan --json`];
}

function keyLines({ foreignKeys }: CreateTable): string[] {
  if (foreignKeys.length === 0) return [];
  return ['-- once both tables hold their rows:', ...foreignKeys.map(({ sql }) => `${sql};`)];
}

function attributes(pairs: readonly (readonly [string, string])[]): string[] {
  const width = Math.max(...pairs.map(([key]) => key.length));
  return pairs.map(([key, value]) => `${key.padEnd(width)}  ${value}`);
}

function changes(values: readonly (readonly [string, string | undefined, string | undefined])[]): string[] {
  const changed = values.filter(([, from, to]) => from !== to);
  return attributes(changed.map(([key, from, to]) => [key, `${from ?? '(none)'} -> ${to ?? '(none)'}`]));
}

function consentText(plan: Plan, allowed: ReadonlySet<HazardKind>, paint: Paint): string[] {
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
