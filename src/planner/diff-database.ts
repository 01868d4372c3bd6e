import type { Problem } from '../model/problem.ts';
import type { LiveDatabase, Observation } from '../model/state.ts';
import type { DatabaseSpec } from '../model/topology.ts';
import { diffSchemas } from './diff-schemas.ts';
import { type Findings, mergeFindings, noFindings } from './findings.ts';

const oldestMajor = 12;
const newestMajor = 18;

export function isSupported(database: LiveDatabase): boolean {
  const major = Math.floor(database.serverVersion / 10_000);
  return major >= oldestMajor && major <= newestMajor;
}

/** What a database needs before any node can live on it. */
export function diffDatabase(
  spec: DatabaseSpec,
  observation: Observation | undefined,
  {
    subscribers,
    needed,
  }: {
    /** Nodes that replay here. */
    readonly subscribers: Extract<Problem, { code: 'replication_role_denied' }>['nodes'];
    readonly needed: boolean;
  },
): Findings {
  if (observation === undefined) return noFindings;
  if (observation.kind === 'unreachable') return { steps: [], warnings: [observation.problem], problems: [] };
  const { name } = spec;
  const { serverVersion, replicator: user } = observation;
  if (!isSupported(observation)) {
    return { steps: [], warnings: [], problems: [{ code: 'version_unsupported', database: name, serverVersion }] };
  }
  const warnings: Problem[] =
    subscribers.length > 0 && !observation.canReplicate
      ? [{ code: 'replication_role_denied', database: name, nodes: subscribers, user, serverVersion }]
      : [];
  // Nothing is built beside a root that can't be looked at.
  return mergeFindings([{ steps: [], warnings, problems: [] }, needed ? diffSchemas(spec, observation) : noFindings]);
}
