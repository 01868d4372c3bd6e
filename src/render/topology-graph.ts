import type { PlanView } from '../model/plan-view.ts';
import type { Step } from '../model/step.ts';

export type GraphState = 'same' | 'added' | 'changed' | 'removed';

export interface GraphNode {
  /** Unlike any other of the picture, and safe in every notation. */
  readonly key: string;
  readonly queue: string;
  readonly name: string;
  readonly role: string;
  readonly database: string;
  readonly state: GraphState;
  /** What the plan does there. */
  readonly steps: number;
}

export interface GraphEdge {
  readonly from: string;
  readonly to: string;
  /** Along `merges`, the events of one queue go on in another. */
  readonly kind: 'reads' | 'merges';
  readonly state: GraphState;
}

export interface TopologyGraph {
  readonly nodes: readonly GraphNode[];
  readonly edges: readonly GraphEdge[];
}

/** The cascades as the files want them, with what a plan adds, changes and takes away. */
export function topologyGraph(view: Pick<PlanView, 'nodes' | 'steps'>): TopologyGraph {
  const steps = new Map<string, Step[]>();
  for (const step of view.steps) {
    if (!('queue' in step)) continue;
    const at = `${step.queue}/${step.node}`;
    steps.set(at, [...(steps.get(at) ?? []), step]);
  }
  const gone = view.steps.flatMap((step) => (step.kind === 'drop_node' ? [step] : []));
  const wanted = new Set(view.nodes.map(({ queue, node }) => `${queue}/${node}`));
  const headings = [
    ...view.nodes,
    ...gone
      .filter(({ queue, node }) => !wanted.has(`${queue}/${node}`))
      .map(({ queue, node, database, provider }) => ({
        queue,
        node,
        database,
        role: 'leaf',
        provider: provider ?? null,
        mergesInto: null,
      })),
  ];
  const keys = new Map(headings.map(({ queue, node }, index) => [`${queue}/${node}`, `n${index}`]));
  const keyOf = (queue: string, node: string): string => keys.get(`${queue}/${node}`) ?? '';
  const nodes = headings.map(({ queue, node, role, database }): GraphNode => {
    const own = steps.get(`${queue}/${node}`) ?? [];
    return { key: keyOf(queue, node), queue, name: node, role, database, state: stateOf(own), steps: own.length };
  });
  const states = new Map(nodes.map(({ key, state }) => [key, state]));
  const edges = headings.flatMap(({ queue, node, provider, mergesInto, database }): GraphEdge[] => {
    const key = keyOf(queue, node);
    // A node that is there already and changes has its place in the cascade; one that comes or goes takes its edge along.
    const state = states.get(key) === 'changed' ? 'same' : (states.get(key) ?? 'same');
    const into = headings.find((other) => other.queue === mergesInto && other.database === database);
    return [
      ...(provider === null || !keys.has(`${queue}/${provider}`)
        ? []
        : [{ from: keyOf(queue, provider), to: key, kind: 'reads' as const, state }]),
      ...(into === undefined ? [] : [{ from: key, to: keyOf(into.queue, into.node), kind: 'merges' as const, state }]),
    ];
  });
  return { nodes, edges };
}

function stateOf(steps: readonly Step[]): GraphState {
  if (steps.some(({ kind }) => kind === 'drop_node')) return 'removed';
  if (
    steps.some((step) => /^create_(root|leaf|branch|node)$/.test(step.kind) && !('existing' in step && step.existing))
  ) {
    return 'added';
  }
  return steps.length > 0 ? 'changed' : 'same';
}
