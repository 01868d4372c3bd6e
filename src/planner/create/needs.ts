import type { SequenceDefinition } from '../../model/definition.ts';
import { splitName } from '../../model/names.ts';
import type { CreateTable, Step } from '../../model/step.ts';
import { qualifiedSql, quoteIfNeeded } from '../quote-ident.ts';
import { stepId } from '../step-ids.ts';
import { type Means, ownerSql, schemaSql, sequenceRestSql, sequenceSql } from './objects-sql.ts';
import type { Plot, Source } from './plot.ts';

/** Something that is to be made on one node. */
export interface Wish {
  readonly ids: Pick<CreateTable, 'database' | 'queue' | 'node'>;
  readonly create: 'minimal' | 'full';
  readonly source: Source;
  readonly plot: Plot;
  readonly serverVersion: number;
  readonly superuser: boolean;
  readonly user: string;
}

/** What it takes: the steps so far, or why it can not be. */
export interface Draft {
  readonly wish: Wish;
  readonly means: Means;
  readonly steps: Step[];
  readonly reasons: string[];
  readonly sql: string[];
  readonly dependsOn: Set<string>;
}

export function draftOf(wish: Wish): Draft {
  const { plot, serverVersion, superuser } = wish;
  const means = { major: Math.floor(serverVersion / 10_000), superuser, roles: plot.roles };
  return { wish, means, steps: [], reasons: [], sql: [], dependsOn: new Set() };
}

export function needSchema(draft: Draft, schema: string): void {
  const { wish, means, dependsOn, reasons, sql } = draft;
  const { site, made } = wish.plot;
  const mayCreate = site.schemas.get(schema);
  if (mayCreate === false) {
    reasons.push(`${wish.user} may not create anything in schema ${schema} there`);
    sql.push(`GRANT CREATE ON SCHEMA ${quoteIfNeeded(schema)} TO ${quoteIfNeeded(wish.user)};`);
  }
  if (mayCreate !== undefined) return;
  const known = made.get(`schema ${schema}`);
  if (known !== undefined) {
    dependsOn.add(known);
    return;
  }
  if (!site.mayCreateSchemas) {
    reasons.push(`schema ${schema} does not exist there, and ${wish.user} may not create it`);
    sql.push(`CREATE SCHEMA ${quoteIfNeeded(schema)} AUTHORIZATION ${quoteIfNeeded(wish.user)};`);
    return;
  }
  const { ids, create, source } = wish;
  const id = stepId.createSchema(ids.queue, ids.node, schema);
  made.set(`schema ${schema}`, id);
  dependsOn.add(id);
  const like = create === 'full' ? source.schemas.get(schema) : undefined;
  const statements = schemaSql(schema, like, means);
  draft.steps.push({ ...ids, id, kind: 'create_schema', schema, statements, hazards: [], dependsOn: [] });
}

/** A sequence that no column of the node owns. */
export function needSequence(draft: Draft, sequence: SequenceDefinition): void {
  const { wish, means, dependsOn } = draft;
  const { ids, plot } = wish;
  const known = plot.made.get(`sequence ${sequence.name}`);
  if (known !== undefined) dependsOn.add(known);
  if (known !== undefined || plot.taken.has(sequence.name)) return;
  plot.taken.add(sequence.name);
  const own: Draft = { ...draft, dependsOn: new Set() };
  needSchema(own, splitName(sequence.name).schema);
  const id = stepId.createSequence(ids.queue, ids.node, sequence.name);
  plot.made.set(`sequence ${sequence.name}`, id);
  dependsOn.add(id);
  draft.steps.push({
    ...ids,
    id,
    kind: 'create_sequence',
    sequence: sequence.name,
    statements: [
      sequenceSql(sequence, sequence.name),
      ...(wish.create === 'full' ? ownerAndRest(sequence, means) : []),
    ],
    hazards: [],
    dependsOn: [...own.dependsOn],
  });
}

function ownerAndRest(sequence: SequenceDefinition, means: Means): string[] {
  return [
    ...ownerSql(`SEQUENCE ${qualifiedSql(sequence.name)}`, sequence.owner, means),
    ...sequenceRestSql(sequence, sequence.name, means),
  ];
}
