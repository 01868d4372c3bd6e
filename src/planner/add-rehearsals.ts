import type { Hazard, HazardKind } from '../model/hazard.ts';
import type { RehearsalOutcome, RehearsedEffects } from '../model/migration.ts';
import type { NodeName, TableName } from '../model/names.ts';
import type { Plan } from '../model/plan.ts';
import type { Problem } from '../model/problem.ts';
import type { ExecuteSqlFile } from '../model/step.ts';

/** What came of trying a step's file on one node. */
export interface Rehearsal {
  readonly step: ExecuteSqlFile;
  readonly node: NodeName;
  readonly outcome: RehearsalOutcome;
  /** Tables of the queue with another name on that node. */
  readonly renamed: readonly { readonly table: TableName; readonly here: TableName }[];
}

/** What an SQL file locks or takes away is known once it was tried: the plan says it, and asks for consent. */
export function addRehearsals(
  plan: Plan,
  rehearsals: readonly Rehearsal[],
): { readonly plan: Plan; readonly problems: readonly Problem[] } {
  if (rehearsals.length === 0) return { plan, problems: [] };
  const problems: Problem[] = [];
  const warnings: Problem[] = [];
  for (const { step, node, outcome, renamed } of rehearsals) {
    const ids = { queue: step.queue, node, file: step.file.name };
    if (outcome.kind === 'not_tried') {
      warnings.push({ code: 'migration_not_tried', ...ids, detail: outcome.detail });
    } else if (outcome.kind === 'failed') {
      const { line, detail, sqlstate } = outcome;
      const missed = missingObject.has(sqlstate ?? '')
        ? renamed.filter(({ table }) => mentions(step.file.sql, table))
        : [];
      problems.push({ code: 'migration_fails', ...ids, line, detail, sqlstate, renamed: missed });
    }
  }
  const steps = plan.steps.map((step) => {
    if (step.kind !== 'execute_file') return step;
    const mine = rehearsals.filter((rehearsal) => rehearsal.step.id === step.id);
    return { ...step, hazards: hazardsOf(mine) };
  });
  return { plan: { ...plan, steps, warnings: [...plan.warnings, ...warnings] }, problems };
}

/** Undefined table, column, object, schema. */
const missingObject = new Set(['42P01', '42703', '42704', '3F000']);

function mentions(text: string, table: TableName): boolean {
  return text.replaceAll('"', '').includes(table) && !text.includes(`@${table}@`);
}

const kinds: readonly (readonly [HazardKind, keyof RehearsedEffects, string])[] = [
  ['drops-data', 'dropped', 'loses rows, columns or itself'],
  ['rewrites-table', 'rewritten', 'is written anew'],
  ['takes-exclusive-lock', 'locked', 'can not be read meanwhile'],
  ['blocks-writes', 'writesBlocked', 'can not be written to meanwhile'],
];

function hazardsOf(rehearsals: readonly Rehearsal[]): Hazard[] {
  return kinds.flatMap(([kind, effect, what]) => {
    const places = rehearsals.flatMap(({ node, outcome }) =>
      outcome.kind === 'ran' ? outcome.effects[effect].map((table) => `${table} on ${node}`) : [],
    );
    return places.length === 0 ? [] : [{ kind, detail: `${list(places)}: ${what}.` }];
  });
}

const shown = 8;

function list(places: readonly string[]): string {
  const rest = places.length - shown;
  return rest > 0 ? `${places.slice(0, shown).join(', ')} and ${rest} more` : places.join(', ');
}
