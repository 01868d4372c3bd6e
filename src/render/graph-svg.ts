import { boxLines, queuesOf, stateColours } from './graph-text.ts';
import type { GraphEdge, GraphNode, TopologyGraph } from './topology-graph.ts';

const box = { height: 46, gapX: 70, gapY: 18, padding: 14, character: 7.4 } as const;
const frame = { margin: 16, title: 30, inside: 16 } as const;

interface Placed {
  readonly node: GraphNode;
  readonly x: number;
  readonly y: number;
  readonly width: number;
}

/** Read aloud where the picture can't be seen. */
function titleOf(graph: TopologyGraph): string {
  const queues = queuesOf(graph);
  return `Nodes of ${queues.length === 1 ? 'queue' : 'queues'} ${queues.join(', ')}, and which of them read from which`;
}

/** The cascades from left to right, a frame for each queue, one below the other. */
export function svg(graph: TopologyGraph): string {
  const placed = new Map<string, Placed>();
  const frames: string[] = [];
  let top: number = frame.margin;
  let right = 0;
  for (const queue of queuesOf(graph)) {
    const nodes = graph.nodes.filter((node) => node.queue === queue);
    const boxes = placeTree(nodes, graph.edges, frame.margin + frame.inside, top + frame.title);
    for (const one of boxes) placed.set(one.node.key, one);
    const width = Math.max(...boxes.map(({ x, width: wide }) => x + wide)) + frame.inside - frame.margin;
    const height = Math.max(...boxes.map(({ y }) => y)) + box.height + frame.inside - top;
    frames.push(
      `<rect x="${frame.margin}" y="${top}" width="${round(width)}" height="${round(height)}" rx="8" fill="none" stroke="#d0d7de"/>`,
      `<text x="${frame.margin + frame.inside}" y="${top + 20}" font-weight="600">${escaped(queue)}</text>`,
    );
    right = Math.max(right, frame.margin + width);
    top += height + frame.margin;
  }
  const size = `${round(right + frame.margin)} ${round(top)}`;
  const [width, height] = size.split(' ');
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${size}" font-family="sans-serif" font-size="13" fill="#1f2328" role="img">`,
    `<title>${escaped(titleOf(graph))}</title>`,
    '<defs><marker id="arrow" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8" markerHeight="8" orient="auto"><path d="M0 0L8 4L0 8z" fill="#57606a"/></marker></defs>',
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    ...frames,
    ...graph.edges.map((edge) => edgeSvg(edge, placed)),
    ...[...placed.values()].map(boxSvg),
    '</svg>\n',
  ].join('\n');
}

/** Who reads from nobody stands left; who reads from a node, right of it. A node stands in the middle of its readers. */
function placeTree(nodes: readonly GraphNode[], edges: readonly GraphEdge[], left: number, top: number): Placed[] {
  const own = new Set(nodes.map(({ key }) => key));
  const readers = new Map<string, string[]>();
  const subscribed = new Set<string>();
  for (const { from, to, kind } of edges) {
    if (kind !== 'reads' || !own.has(from) || !own.has(to)) continue;
    readers.set(from, [...(readers.get(from) ?? []), to]);
    subscribed.add(to);
  }
  const depths = new Map<string, number>();
  const rows = new Map<string, number>();
  let nextRow = 0;
  const visit = (key: string, depth: number): number => {
    depths.set(key, depth);
    const below = (readers.get(key) ?? [])
      .filter((reader) => !depths.has(reader))
      .map((reader) => visit(reader, depth + 1));
    const [first, last] = [below[0], below.at(-1)];
    const row = first === undefined || last === undefined ? nextRow++ : (first + last) / 2;
    rows.set(key, row);
    return row;
  };
  for (const { key } of nodes) if (!subscribed.has(key)) visit(key, 0);
  for (const { key } of nodes) if (!depths.has(key)) visit(key, 0);
  const widths: number[] = [];
  for (const node of nodes) {
    const depth = depths.get(node.key) ?? 0;
    widths[depth] = Math.max(widths[depth] ?? 0, widthOf(node));
  }
  return nodes.map((node) => {
    const depth = depths.get(node.key) ?? 0;
    const before = widths.slice(0, depth).reduce((sum, width) => sum + width + box.gapX, 0);
    const row = rows.get(node.key) ?? 0;
    return { node, x: left + before, y: top + row * (box.height + box.gapY), width: widths[depth] ?? 0 };
  });
}

function widthOf(node: GraphNode): number {
  return Math.max(...boxLines(node).map((line) => line.length)) * box.character + 2 * box.padding;
}

function boxSvg({ node, x, y, width }: Placed): string {
  const { fill, line } = stateColours[node.state];
  const [name = '', place = ''] = boxLines(node);
  return [
    `<rect x="${round(x)}" y="${round(y)}" width="${round(width)}" height="${box.height}" rx="6" fill="${fill}" stroke="${line}"/>`,
    `<text x="${round(x + box.padding)}" y="${round(y + 19)}" font-weight="600">${escaped(name)}</text>`,
    `<text x="${round(x + box.padding)}" y="${round(y + 36)}" font-size="12">${escaped(place)}</text>`,
  ].join('\n');
}

function edgeSvg({ from, to, kind, state }: GraphEdge, placed: ReadonlyMap<string, Placed>): string {
  const [a, b] = [placed.get(from), placed.get(to)];
  if (a === undefined || b === undefined) return '';
  const stroke = `stroke="${stateColours[state].line}" fill="none" marker-end="url(#arrow)"`;
  if (kind === 'merges') {
    const x1 = a.x + a.width / 2;
    const x2 = b.x + b.width / 2;
    const [y1, y2] = a.y < b.y ? [a.y + box.height, b.y] : [a.y, b.y + box.height];
    const middle = (y1 + y2) / 2;
    return `<path d="M${round(x1)} ${round(y1)}C${round(x1)} ${round(middle)} ${round(x2)} ${round(middle)} ${round(x2)} ${round(y2)}" stroke-dasharray="5 4" ${stroke}/>`;
  }
  const [x1, y1, x2, y2] = [a.x + a.width, a.y + box.height / 2, b.x, b.y + box.height / 2];
  const middle = (x1 + x2) / 2;
  return `<path d="M${round(x1)} ${round(y1)}C${round(middle)} ${round(y1)} ${round(middle)} ${round(y2)} ${round(x2)} ${round(y2)}" ${stroke}/>`;
}

function round(value: number): string {
  return String(Math.round(value * 10) / 10);
}

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (char) => `&#${char.codePointAt(0)};`);
}
