import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type ParsedNode,
  parseDocument,
  type Scalar,
  type YAMLError,
  type YAMLMap,
  type YAMLSeq,
} from 'yaml';
import type { Problem } from '../model/problem.ts';
import { type Environment, interpolate } from './interpolate.ts';
import { type Locate, noChildren, type Path, type Place, pathText, pointerOf } from './place.ts';
import { describeYamlFault } from './yaml-faults.ts';

/** The text of one file and the name it is known by in messages. */
export interface Source {
  readonly file: string;
  readonly text: string;
}

/** A file as plain values, with the place of each. */
export interface Parsed {
  readonly file: string;
  /** Undefined where the text is not YAML. */
  readonly value: unknown;
  readonly places: Place;
  /** Pointers of values that could not be made out; their problems are told. */
  readonly faulty: ReadonlySet<string>;
  readonly problems: readonly Problem[];
}

/** What aliases may unfold to: a bound against documents that blow up. */
const maxUnfolded = 100_000;
const maxDepth = 60;

const unknownAlias = 'an alias names an anchor that is not set before it';
const starHint = 'Put a pattern that begins with * in quotes.';
const mergeHint = 'Let it name the anchor of a mapping, or a list of such.';
const tooDeep = {
  detail: 'it is nested too deep',
  hint: 'Look for an alias inside its own anchor, and for brackets that are not closed.',
};
const tooMuch = {
  detail: 'its aliases unfold to too much',
  hint: 'Write out what they stand for, where one anchor holds aliases of others.',
};

export function parse({ file, text }: Source, env: Environment): Parsed {
  const lines = new LineCounter();
  const content = text.startsWith('\uFEFF') ? text.slice(1) : text;
  const locate = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return { file, line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  const document = parseYaml(content, lines);
  if (document === undefined) {
    const at = { file, line: 1, column: 1, path: '' };
    return nothing(file, locate, [{ code: 'yaml_invalid', at, ...tooDeep }]);
  }
  const faults = onePerLine([...document.errors, ...document.warnings], lines);
  if (faults.length > 0) {
    const problems = faults.map(({ code, pos: [offset] }): Problem => {
      const at = { ...locate(offset), path: '' };
      return { code: 'yaml_invalid', at, ...describeYamlFault(code, content, offset) };
    });
    return nothing(file, locate, problems);
  }
  if (document.contents === null || (isScalar(document.contents) && document.contents.value === null)) {
    return nothing(file, locate, [{ code: 'file_empty', file }]);
  }
  return readDocument(file, document.contents, locate, env);
}

function nothing(file: string, locate: Locate, problems: readonly Problem[]): Parsed {
  const places = { locate, key: undefined, value: 0, source: undefined, fromEnvironment: false, children: noChildren };
  return { file, value: undefined, places, faulty: new Set(), problems };
}

function parseYaml(content: string, lines: LineCounter): Document.Parsed | undefined {
  try {
    // Its pretty errors quote the line, which may hold a password.
    return parseDocument(content, {
      lineCounter: lines,
      prettyErrors: false,
      uniqueKeys: false,
      strict: true,
      version: '1.2',
      schema: 'core',
      logLevel: 'error',
    });
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** A value and its place, as they grow from the bottom up. */
interface Read {
  readonly value: unknown;
  readonly place: Place;
}

/** How the reader came to a node. `above` is the offset that stands for a value left empty. */
interface Way {
  readonly path: Path;
  readonly key: number | undefined;
  readonly above: number;
  readonly depth: number;
}

function readDocument(file: string, contents: ParsedNode, locate: Locate, env: Environment): Parsed {
  const faulty = new Set<string>();
  const problems: Problem[] = [];
  /** The node last given each anchor; the parser's own search goes through the document for every alias. */
  const anchors = new Map<string, ParsedNode>();
  let insideAlias = 0;
  let unfolded = 0;
  let exhausted = false;

  const { value, place } = read(contents, { path: [], key: undefined, above: 0, depth: 0 });
  if (exhausted) return nothing(file, locate, problems.slice(0, 1));
  return { file, value, places: place, faulty, problems };

  function read(node: ParsedNode | null, way: Way): Read {
    const value = node?.range[0] ?? way.above;
    const place: Place = {
      locate,
      key: way.key,
      value,
      source: isScalar(node) && typeof node.value !== 'string' ? node.source : undefined,
      fromEnvironment: false,
      children: noChildren,
    };
    if (isExhausted(value, way.depth)) return { value: undefined, place };
    if (isAlias(node)) {
      const meant = anchors.get(node.source);
      if (meant !== undefined) return readBehindAlias(meant, way);
      fault(value, way.path, unknownAlias, starHint);
      faulty.add(pointerOf(way.path));
      return { value: undefined, place };
    }
    if (node?.anchor !== undefined) anchors.set(node.anchor, node);
    if (isMap(node)) return readMap(node as YAMLMap.Parsed, way, place);
    if (isSeq(node)) return readSeq(node as YAMLSeq.Parsed, way, place);
    if (!isScalar(node)) return { value: null, place };
    return typeof node.value === 'string' ? readText(node.value, way, place) : { value: node.value, place };
  }

  function readText(text: string, { path }: Way, place: Place): Read {
    const result = interpolate(text, env);
    if (result.kind === 'text') {
      return { value: result.text, place: result.fromEnvironment ? { ...place, fromEnvironment: true } : place };
    }
    const at = { ...locate(place.value), path: pathText(path) };
    for (const variable of new Set(result.unset)) problems.push({ code: 'variable_unset', at, variable });
    for (const part of new Set(result.malformed)) problems.push({ code: 'variable_malformed', at, text: part });
    faulty.add(pointerOf(path));
    return { value: undefined, place };
  }

  function readBehindAlias(meant: ParsedNode | null, way: Way): Read {
    insideAlias += 1;
    const result = read(meant, { ...way, depth: way.depth + 1 });
    insideAlias -= 1;
    return result;
  }

  /** Once a bound is passed, nothing more is read: whatever else could be told would mislead. */
  function isExhausted(offset: number, depth: number): boolean {
    if (insideAlias > 0) unfolded += 1;
    if (exhausted || (unfolded <= maxUnfolded && depth <= maxDepth)) return exhausted;
    exhausted = true;
    problems.length = 0;
    const { detail, hint } = depth > maxDepth ? tooDeep : tooMuch;
    fault(offset, [], detail, hint);
    return true;
  }

  function readSeq(node: YAMLSeq.Parsed, { path, depth }: Way, place: Place): Read {
    const children = new Map<number, Place>();
    const value = node.items.map((item, index) => {
      const way = { path: [...path, index], key: undefined, above: place.value, depth: depth + 1 };
      const result = read(item as ParsedNode, way);
      children.set(index, result.place);
      return result.value;
    });
    return { value, place: { ...place, children } };
  }

  function readMap(node: YAMLMap.Parsed, { path, depth }: Way, place: Place): Read {
    const value: Record<string, unknown> = Object.create(null);
    const children = new Map<string, Place>();
    const merged: ParsedNode[] = [];
    for (const pair of node.items) {
      if (pair.key !== null && !isScalar(pair.key)) {
        fault(pair.key.range[0], path, 'a key here is not plain text', 'Write it as one word, or in quotes.');
        continue;
      }
      const name = keyText(pair.key);
      if (isMergeKey(pair.key)) {
        if (pair.value !== null) merged.push(pair.value);
        continue;
      }
      const key = pair.key?.range[0] ?? place.value;
      const inside = [...path, name];
      const earlier = children.get(name);
      if (earlier === undefined) {
        const result = read(pair.value, { path: inside, key, above: key, depth: depth + 1 });
        value[name] = result.value;
        children.set(name, result.place);
      } else {
        const first = { ...locate(earlier.key ?? earlier.value), path: pathText(inside) };
        problems.push({ code: 'key_duplicate', at: { ...locate(key), path: pathText(inside) }, key: name, first });
      }
    }
    for (const source of merged)
      mergeInto(value, children, source, { path, key: undefined, above: place.value, depth });
    return { value, place: { ...place, children } };
  }

  /** `<<`: what the mapping says itself wins; of several sources, the first. */
  function mergeInto(value: Record<string, unknown>, children: Map<string, Place>, source: ParsedNode, way: Way): void {
    if (isExhausted(way.above, way.depth)) return;
    const meant = isAlias(source) ? anchors.get(source.source) : source;
    const inner = { ...way, depth: way.depth + 1 };
    if (meant === undefined) fault(source.range[0], way.path, unknownAlias, starHint);
    else if (isSeq(meant)) for (const item of meant.items) mergeInto(value, children, item as ParsedNode, inner);
    else if (!isMap(meant)) fault(source.range[0], way.path, 'what is merged with << is not a mapping', mergeHint);
    else {
      for (const pair of (meant as YAMLMap.Parsed).items) {
        if (pair.key !== null && !isScalar(pair.key)) continue;
        const name = keyText(pair.key);
        if (isMergeKey(pair.key)) {
          if (pair.value !== null) mergeInto(value, children, pair.value, inner);
        } else if (!children.has(name)) {
          const key = pair.key?.range[0] ?? way.above;
          const result = readBehindAlias(pair.value, { ...inner, path: [...way.path, name], key });
          value[name] = result.value;
          children.set(name, result.place);
        }
      }
    }
  }

  function fault(offset: number, path: Path, detail: string, hint?: string): void {
    problems.push({ code: 'yaml_invalid', at: { ...locate(offset), path: pathText(path) }, detail, hint });
  }
}

function isMergeKey(node: Scalar.Parsed | null): boolean {
  return node?.type === 'PLAIN' && node.source === '<<';
}

/** A key is a name, whatever else YAML takes it for: `1` is "1". */
function keyText(node: Scalar.Parsed | null): string {
  if (node === null) return '';
  return typeof node.value === 'string' ? node.value : node.source;
}

/** What comes after the first fault of a line mostly follows from it. */
function onePerLine(faults: readonly YAMLError[], lines: LineCounter): YAMLError[] {
  const first = new Map<number, YAMLError>();
  for (const fault of faults) {
    const { line } = lines.linePos(fault.pos[0]);
    if (!first.has(line)) first.set(line, fault);
  }
  return [...first.values()];
}
