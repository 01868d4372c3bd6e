import { formatCount } from '../model/amounts.ts';
import { leftDifferent, type Repaired } from '../model/comparison.ts';
import { type ComparisonDocument, compareJson } from './compare-json.ts';
import type { Paint } from './paint.ts';
import { countOf } from './units.ts';

/** What `repair --json` prints; `schemas/repair.schema.json` describes it. */
export interface RepairDocument {
  readonly formatVersion: 1;
  readonly applied: boolean;
  readonly statements: number;
  readonly script: string;
  readonly left: readonly string[];
  readonly compared: ComparisonDocument;
}

export function repairJson(repaired: Repaired): RepairDocument {
  const { compared, repair, applied } = repaired;
  return {
    formatVersion: 1,
    applied,
    statements: repair.statements,
    script: repair.script,
    left: leftDifferent(repaired).map(({ table }) => table),
    compared: compareJson({ nodes: [compared], problems: [] }),
  };
}

/** What was done, and what is left to do. */
export function repairText(repaired: Repaired, paint: Paint): string {
  const { compared, repair, applied } = repaired;
  const left = leftDifferent(repaired);
  const { node, tick } = compared;
  return [...done(), ...remains()].join('\n');

  function done(): string[] {
    if (repair.statements === 0)
      return left.length === 0 ? [`${paint.done('Equal:')} nothing to repair on ${node} at tick ${tick}.`] : [];
    const statements = countOf(repair.statements, 'statement');
    if (applied) return [`${paint.done('Repaired:')} ${statements} on ${node} at tick ${tick}.`];
    return [
      `${statements} would repair ${node} as it is at tick ${tick}. The SQL refuses to run at another one: pause its worker, or use --apply.`,
    ];
  }

  function remains(): string[] {
    if (left.length === 0) return [];
    const names = left.map(({ table }) => table).join(', ');
    return [
      `${paint.failed('Still different:')} ${formatCount(left.length)} of ${countOf(compared.tables.length, 'table')}: ${names}.`,
      'More rows differ than --rows allows, or no key tells them apart, or several queues write there, or they can not be compared; "compare" says which.',
    ];
  }
}
