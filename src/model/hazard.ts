export const hazardKinds = [
  'copies-data',
  'truncates-target',
  'drops-data',
  'blocks-writes',
  'takes-exclusive-lock',
  'loses-events',
  'moves-root',
  'stops-replication',
  'rewrites-table',
] as const;

export type HazardKind = (typeof hazardKinds)[number];

/** Why a step does not run without consent. `detail` is one sentence for the reader of the plan. */
export interface Hazard {
  readonly kind: HazardKind;
  readonly detail: string;
}
