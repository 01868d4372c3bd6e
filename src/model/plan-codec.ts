import type { HazardKind } from './hazard.ts';
import { databaseName } from './names.ts';
import type { PlanView } from './plan-view.ts';
import type { Step } from './step.ts';
import type { TableSpec } from './table.ts';
import { readTableDocument, type TableDocument, tableDocument } from './table-document.ts';

/** Reads what `plan --out` wrote. Undefined for text that is no plan of this format. */
export function decodeSavedPlan(text: string): PlanView | undefined {
  const document = parseObject(text);
  if (document === undefined || document.formatVersion !== 1) return undefined;
  const { steps, fingerprints, warnings, nodes, leftOut, allowed, lastApplied } = document;
  if (![warnings, nodes, leftOut, allowed].every(Array.isArray) || !isObject(lastApplied)) return undefined;
  if (!Array.isArray(steps) || !steps.every(isStep) || !isObject(fingerprints)) return undefined;
  const seen = Object.entries(fingerprints);
  if (!seen.every((pair): pair is [string, string] => typeof pair[1] === 'string')) return undefined;
  return {
    steps: steps.map(({ description: _, origin: __, ...step }) => readStep(step)),
    drift: new Set(steps.filter(({ origin }) => origin === 'drift').map(({ id }) => String(id))),
    warnings: warnings as PlanView['warnings'],
    nodes: nodes as PlanView['nodes'],
    leftOut: leftOut as PlanView['leftOut'],
    allowed: new Set(allowed as readonly HazardKind[]),
    lastApplied: new Map(Object.entries(lastApplied as Record<string, { at: string; by: string | null }>)),
    fingerprints: new Map(seen.map(([name, value]) => [databaseName(name), value])),
  };
}

const tableKeys = ['table', 'from', 'to'] as const;

/** A step as plans write it. */
export function stepDocument(step: Step): Readonly<Record<string, unknown>> {
  const document: Record<string, unknown> = { ...step };
  for (const key of tableKeys) {
    const value = document[key];
    if (isTable(value)) document[key] = tableDocument(value as unknown as TableSpec);
  }
  if (step.kind === 'change_role') document.tables = step.tables.map(tableDocument);
  return document;
}

function readStep(document: Readonly<Record<string, unknown>>): Step {
  const step: Record<string, unknown> = { ...document };
  for (const key of tableKeys) {
    const value = step[key];
    if (isTable(value)) step[key] = readTableDocument(value as unknown as TableDocument);
  }
  if (Array.isArray(step.tables))
    step.tables = step.tables.filter(isTable).map((table) => readTableDocument(table as unknown as TableDocument));
  return step as unknown as Step;
}

function isTable(value: unknown): value is Record<string, unknown> {
  return isObject(value) && typeof value.name === 'string' && typeof value.destination === 'string';
}

/** Equal in all that a step does. Sizes and the words of hazards tell how the databases looked, and they move. */
export function sameSteps(left: readonly Step[], right: readonly Step[]): boolean {
  const texts = (steps: readonly Step[]) => steps.map(stepText).sort();
  return JSON.stringify(texts(left)) === JSON.stringify(texts(right));
}

/** Equal in what it does, whatever it has to wait for. */
export function sameStep(left: Step, right: Step): boolean {
  return stepText({ ...left, dependsOn: [] }) === stepText({ ...right, dependsOn: [] });
}

/** A step as text without what moves. */
function stepText(step: Step): string {
  const { hazards, dependsOn } = step;
  const kinds = hazards.map(({ kind }) => kind).sort();
  return canonical({ ...step, copy: undefined, hazards: kinds, dependsOn: [...dependsOn].sort() });
}

/** Keys in order: a plan that was read and written by other programs stays the same plan. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    isObject(inner) ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1))) : inner,
  );
}

function isStep(value: unknown): value is Record<string, unknown> {
  return (
    isObject(value) &&
    ['id', 'kind', 'database'].every((key) => typeof value[key] === 'string') &&
    Array.isArray(value.hazards) &&
    Array.isArray(value.dependsOn)
  );
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
