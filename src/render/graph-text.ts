import type { GraphNode, GraphState, TopologyGraph } from './topology-graph.ts';
import { countOf } from './units.ts';

export const stateColours: Readonly<Record<GraphState, { readonly fill: string; readonly line: string }>> = {
  same: { fill: '#f6f8fa', line: '#57606a' },
  added: { fill: '#dafbe1', line: '#1a7f37' },
  changed: { fill: '#fff8c5', line: '#9a6700' },
  removed: { fill: '#ffebe9', line: '#cf222e' },
};

/** Colour is never all there is: the word stands in the box as well. */
export function boxLines(node: GraphNode): readonly string[] {
  const words: Readonly<Record<GraphState, string>> = {
    same: '',
    added: 'added',
    changed: countOf(node.steps, 'change'),
    removed: 'removed',
  };
  const place = `${node.role} on ${node.database}`;
  return [node.name, words[node.state] === '' ? place : `${place}, ${words[node.state]}`];
}

export function queuesOf(graph: TopologyGraph): readonly string[] {
  return [...new Set(graph.nodes.map(({ queue }) => queue))];
}

/** For GitHub, GitLab and every other place that draws Mermaid. */
export function mermaid(graph: TopologyGraph): string {
  const lines = ['flowchart LR'];
  for (const [index, queue] of queuesOf(graph).entries()) {
    lines.push(`  subgraph q${index}["${entities(queue)}"]`);
    for (const node of graph.nodes.filter((one) => one.queue === queue)) {
      lines.push(`    ${node.key}["${boxLines(node).map(entities).join('<br/>')}"]:::${node.state}`);
    }
    lines.push('  end');
  }
  for (const { from, to, kind } of graph.edges)
    lines.push(`  ${from} ${kind === 'reads' ? '-->' : '-.->|merges|'} ${to}`);
  for (const state of new Set(graph.nodes.map((node) => node.state))) {
    const { fill, line } = stateColours[state];
    lines.push(`  classDef ${state} fill:${fill},stroke:${line},color:#1f2328`);
  }
  return `${lines.join('\n')}\n`;
}

/** For Graphviz. */
export function dot(graph: TopologyGraph): string {
  const lines = [
    'digraph trunkline {',
    '  rankdir=LR;',
    '  node [shape=box, style="rounded,filled", fontname="sans-serif"];',
  ];
  for (const [index, queue] of queuesOf(graph).entries()) {
    lines.push(`  subgraph cluster_${index} {`, `    label=${quoted(queue)};`);
    for (const node of graph.nodes.filter((one) => one.queue === queue)) {
      const { fill, line } = stateColours[node.state];
      lines.push(`    ${node.key} [label=${quoted(boxLines(node).join('\n'))}, fillcolor="${fill}", color="${line}"];`);
    }
    lines.push('  }');
  }
  for (const { from, to, kind, state } of graph.edges) {
    const style = kind === 'reads' ? '' : ', style=dashed, label="merges"';
    lines.push(`  ${from} -> ${to} [color="${stateColours[state].line}"${style}];`);
  }
  return `${lines.join('\n')}\n}\n`;
}

function entities(text: string): string {
  return text.replace(/[^\p{L}\p{N} ,._-]/gu, (char) => `#${char.codePointAt(0)};`);
}

function quoted(text: string): string {
  return `"${text.replace(/[\\"]/g, (char) => `\\${char}`).replaceAll('\n', '\\n')}"`;
}
