import type { DatabaseName } from '../model/names.ts';
import type { Problem } from '../model/problem.ts';
import { bundledSchemas } from '../model/schemas.ts';
import type { LiveDatabase, Observation } from '../model/state.ts';
import type { Step } from '../model/step.ts';
import { type Findings, noFindings } from './findings.ts';
import { stepId } from './step-ids.ts';

const oldestMajor = 12;
const newestMajor = 18;

export function isSupported(database: LiveDatabase): boolean {
  const major = Math.floor(database.serverVersion / 10_000);
  return major >= oldestMajor && major <= newestMajor;
}

/** What a database needs before any node can live on it. */
export function diffDatabase(
  name: DatabaseName,
  observation: Observation | undefined,
  { subscribes, needed }: { readonly subscribes: boolean; readonly needed: boolean },
): Findings {
  if (observation === undefined) return noFindings;
  if (observation.kind === 'unreachable') return { steps: [], warnings: [observation.problem], problems: [] };
  const { serverVersion, user } = observation;
  if (!isSupported(observation)) {
    return { steps: [], warnings: [], problems: [{ code: 'version_unsupported', database: name, serverVersion }] };
  }
  const warnings: Problem[] =
    subscribes && !observation.canReplicate
      ? [{ code: 'replication_role_denied', database: name, user, serverVersion }]
      : [];
  // Nothing is built beside a root that can't be looked at.
  return { steps: needed ? installSteps(name, observation) : [], warnings, problems: [] };
}

function installSteps(database: DatabaseName, live: LiveDatabase): Step[] {
  const schemas = bundledSchemas
    .filter(({ name }) => !live.schemas.has(name))
    .map((schema) => ({ ...schema, source: 'bundled' as const }));
  if (schemas.length === 0) return [];
  return [{ id: stepId.install(database), kind: 'install_schemas', database, schemas, hazards: [], dependsOn: [] }];
}
