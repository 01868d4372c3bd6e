import { isAlias, isMap, isScalar, type Pair, parseDocument, type Scalar, type YAMLMap } from 'yaml';
import type { NodeName, QueueName } from '../model/names.ts';
import { type Problem, ToolError } from '../model/problem.ts';
import type { DesiredState } from '../model/state.ts';
import { type NodeSpec, type Placement, rootOf } from '../model/topology.ts';
import { encodeAppliedConfig } from './applied-config.ts';
import { type LoadOptions, load } from './load.ts';
import { parse, type Source } from './parse.ts';

/** The place of a queue's root given to another node. */
export interface RootEdit {
  readonly queue: QueueName;
  readonly node: NodeName;
  /** Whether whoever reads from the old root by name is to read from the new one: it will answer nobody. */
  readonly redirect: boolean;
}

/**
 * The files with the root at another node, and every byte of them as it was but for roles and providers. Throws
 * `file_not_edited` where that can not be done safely: what comes out is read again, and has to say what was meant.
 */
export function editRoot(sources: readonly Source[], edit: RootEdit, options: LoadOptions): readonly Source[] {
  const before = load(sources, options);
  const wanted = wantedNodes(sources, before, edit, options);
  const changed = [...wanted].filter(([name, { written }]) => name === edit.node || written !== undefined);
  const refused = (entries: readonly Problem[] = []): ToolError =>
    new ToolError([notEdited(before, edit, wanted, entries.length > 0), ...entries]);
  const edited = sources.map((source) => {
    const here = changed.filter(([name]) => hasNode(source, edit.queue, name, options));
    const text = here.reduce<string | undefined>(
      (done, [name, { spec, written }]) =>
        done === undefined ? undefined : placeIn(done, [edit.queue, name], written ?? spec.placement),
      source.text,
    );
    if (text === undefined) throw refused();
    return { ...source, text };
  });
  const after = readAgain(edited, options);
  if (!(after instanceof ToolError) && saysSo(after, before, edit, wanted)) return edited;
  const found = after instanceof ToolError ? after.problems : [];
  throw refused(found.every(({ code }) => code === 'table_node_is_root') ? found : []);
}

interface Wanted {
  readonly spec: NodeSpec;
  /** What is to be written down; undefined where nothing has to be. */
  readonly written: Placement | undefined;
}

function wantedNodes(
  sources: readonly Source[],
  before: DesiredState,
  { queue, node, redirect }: RootEdit,
  options: LoadOptions,
): ReadonlyMap<NodeName, Wanted> {
  const spec = before.queues.get(queue);
  if (spec === undefined) throw new Error(`no queue ${queue} to edit`);
  const old = rootOf(spec).name;
  const toNew = ({ placement }: NodeSpec): Placement => ({ ...placement, provider: node }) as Placement;
  return new Map(
    [...spec.nodes.values()].map((other): readonly [NodeName, Wanted] => {
      const { name, placement } = other;
      if (name === node) {
        const root: Placement = { role: 'root' };
        return [name, { spec: { ...other, placement: root }, written: root }];
      }
      if (name === old) {
        const branch: Placement = { role: 'branch', provider: node };
        return [name, { spec: { ...other, placement: branch }, written: branch }];
      }
      if (placement.role === 'root' || placement.provider !== old) return [name, { spec: other, written: undefined }];
      // Whoever names no provider reads from the root, whichever that is.
      const named = sources.some((source) => namesProvider(source, queue, name, options));
      if (named && !redirect) return [name, { spec: other, written: undefined }];
      return [name, { spec: { ...other, placement: toNew(other) }, written: named ? toNew(other) : undefined }];
    }),
  );
}

function nodeIn(source: Source, queue: QueueName, node: NodeName, { env }: LoadOptions): object | undefined {
  const document = parse(source, env).value as
    | { readonly queues?: Readonly<Record<string, { readonly nodes?: Readonly<Record<string, object>> }>> }
    | undefined;
  return document?.queues?.[queue]?.nodes?.[node];
}

function hasNode(source: Source, queue: QueueName, node: NodeName, options: LoadOptions): boolean {
  return nodeIn(source, queue, node, options) !== undefined;
}

function namesProvider(source: Source, queue: QueueName, node: NodeName, options: LoadOptions): boolean {
  const said = nodeIn(source, queue, node, options);
  return said !== undefined && 'provider' in said && said.provider !== undefined;
}

/** Undefined where the node is not written out here, key by key. */
function placeIn(text: string, [queue, node]: readonly [QueueName, NodeName], to: Placement): string | undefined {
  const provider = to.role === 'root' ? undefined : to.provider;
  const withRole = setKey(text, ['queues', queue, 'nodes', node], 'role', to.role, 'database');
  if (withRole === undefined) return undefined;
  return setKey(withRole, ['queues', queue, 'nodes', node], 'provider', provider, 'role');
}

/** One key of a mapping set, or taken out, by its place in the text: the writer of YAML would lay the whole of it out anew. */
function setKey(
  text: string,
  path: readonly string[],
  key: string,
  value: string | undefined,
  after: string,
): string | undefined {
  const map = mapAt(text, path);
  if (map === undefined) return undefined;
  const pair = pairOf(map, key);
  if (pair === undefined) {
    if (value === undefined) return text;
    const behind = pairOf(map, after);
    return behind === undefined ? undefined : insertBehind(text, map, behind, `${key}: ${scalarText(value)}`);
  }
  if (!isScalar(pair.value) || pair.value.range == null || pair.value.anchor !== undefined) return undefined;
  // Each environment may want another value of a variable: none of them is to be lost for the one at hand.
  if (String(pair.value.value).includes('$')) return undefined;
  if (value === undefined) return takeOut(text, map, pair as WrittenPair);
  if (pair.value.value === value) return text;
  const [start, end] = pair.value.range;
  return `${text.slice(0, start)}${scalarText(value)}${text.slice(end)}`;
}

type WrittenPair = Pair<Scalar, Scalar>;

function mapAt(text: string, path: readonly string[]): YAMLMap | undefined {
  // Offsets are those of the text with its byte order mark, which the parser takes for white space.
  const document = parseDocument(text, { prettyErrors: false, uniqueKeys: false, version: '1.2', schema: 'core' });
  let node: unknown = document.contents;
  for (const step of path) {
    if (!isMap(node)) return undefined;
    node = pairOf(node, step)?.value;
  }
  return isMap(node) && !isAlias(node) ? node : undefined;
}

function pairOf(map: YAMLMap, key: string): Pair | undefined {
  return map.items.find(({ key: name }) => isScalar(name) && (name.value === key || name.source === key));
}

function insertBehind(text: string, map: YAMLMap, { key, value }: Pair, said: string): string | undefined {
  if (!isScalar(key) || !isScalar(value) || key.range == null || value.range == null) return undefined;
  const end = value.range[1];
  if (map.flow === true) return `${text.slice(0, end)}, ${said}${text.slice(end)}`;
  const start = lineStart(text, key.range[0]);
  const indent = text.slice(start, key.range[0]);
  if (indent.trim() !== '') return undefined;
  const next = text.indexOf('\n', end);
  const at = next < 0 ? text.length : next + 1;
  const newline = next > 0 && text[next - 1] === '\r' ? '\r\n' : '\n';
  const line = next < 0 ? `${newline}${indent}${said}` : `${indent}${said}${newline}`;
  return `${text.slice(0, at)}${line}${text.slice(at)}`;
}

function takeOut(text: string, map: YAMLMap, { key, value }: WrittenPair): string | undefined {
  if (key.range == null || value?.range == null) return undefined;
  const [start, end] = [key.range[0], value.range[1]];
  if (map.flow === true) {
    const before = /,\s*$/.exec(text.slice(0, start));
    if (before !== null) return `${text.slice(0, before.index)}${text.slice(end)}`;
    const behind = /^\s*,\s*/.exec(text.slice(end));
    return `${text.slice(0, start)}${text.slice(end + (behind?.[0].length ?? 0))}`;
  }
  const from = lineStart(text, start);
  if (text.slice(from, start).trim() !== '') return undefined;
  const next = text.indexOf('\n', end);
  return `${text.slice(0, from)}${next < 0 ? '' : text.slice(next + 1)}`;
}

function lineStart(text: string, offset: number): number {
  return text.lastIndexOf('\n', offset - 1) + 1;
}

/** Quoted where YAML, or an older reader of it, would take the name for something else. */
function scalarText(value: string): string {
  const plain = /^[A-Za-z_][A-Za-z0-9_-]*$/.test(value) && !/^(true|false|null|yes|no|on|off|y|n)$/i.test(value);
  // A variable is put in wherever a dollar sign stands.
  return plain ? value : JSON.stringify(value.replaceAll('$', '$$$$'));
}

function readAgain(edited: readonly Source[], options: LoadOptions): DesiredState | ToolError {
  try {
    return load(edited, options);
  } catch (error) {
    if (error instanceof ToolError) return error;
    throw error;
  }
}

/** Whatever anchors, merge keys and variables make of the new text, it must say this and nothing else. */
function saysSo(
  after: DesiredState,
  before: DesiredState,
  { queue }: RootEdit,
  wanted: ReadonlyMap<NodeName, Wanted>,
): boolean {
  const spec = before.queues.get(queue);
  if (spec === undefined) return false;
  const nodes = new Map([...wanted].map(([name, { spec: node }]) => [name, node]));
  const meant: DesiredState = { ...before, queues: new Map([...before.queues, [queue, { ...spec, nodes }]]) };
  return encodeAppliedConfig(after) === encodeAppliedConfig(meant);
}

function notEdited(
  before: DesiredState,
  { queue, node }: RootEdit,
  wanted: ReadonlyMap<NodeName, Wanted>,
  namedAsSubscriber: boolean,
): Problem {
  const at = before.queues.get(queue)?.nodes.get(node)?.at;
  if (at === undefined) throw new Error(`no node ${node} to edit`);
  const write = [...wanted].flatMap(([name, { written }]) =>
    written === undefined
      ? []
      : [{ node: name, role: written.role, provider: written.role === 'root' ? undefined : written.provider }],
  );
  return { code: 'file_not_edited', at, queue, node, namedAsSubscriber, write };
}
