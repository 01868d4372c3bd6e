import type { Plan } from '../model/plan.ts';

/** What a person is asked before a plan runs: a plain yes, and the name of each node that it takes away. */
export function approvals(plan: Pick<Plan, 'steps'>): readonly { readonly question: string; readonly word: string }[] {
  const dropped = plan.steps.flatMap((step) => (step.kind === 'drop_node' ? [step] : []));
  return [
    { question: 'Carry this out? Only "yes" goes on: ', word: 'yes' },
    ...dropped.map(({ node, queue }) => ({
      question: `Node ${node} is taken out of queue ${queue}. Type its name to go on: `,
      word: node,
    })),
  ];
}
