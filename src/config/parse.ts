import {
  type Alias,
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type ParsedNode,
  parseDocument,
  type Scalar,
  type YAMLMap,
} from 'yaml';
import type { Origin } from '../model/origin.ts';
import type { Problem } from '../model/problem.ts';
import { type Environment, interpolate } from './interpolate.ts';
import { type Path, type Place, type Places, pathText, pointerOf } from './place.ts';
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
  readonly places: Places;
  /** Pointers of values that could not be made out; their problems are told. */
  readonly faulty: ReadonlySet<string>;
  readonly problems: readonly Problem[];
}

/** More nodes than any sane file has, aliases unfolded: a bound against documents that blow up. */
const maxNodes = 500_000;
const maxDepth = 60;

export function parse({ file, text }: Source, env: Environment): Parsed {
  const lines = new LineCounter();
  const content = text.startsWith('\uFEFF') ? text.slice(1) : text;
  const none = { file, value: undefined, places: new Map<string, Place>(), faulty: new Set<string>() };
  const document = parseYaml(content, lines);
  if (document === undefined) {
    const at = { file, line: 1, column: 1, path: '' };
    return { ...none, problems: [{ code: 'yaml_invalid', at, detail: 'it is nested too deep', hint: undefined }] };
  }
  const faults = [...document.errors, ...document.warnings];
  if (faults.length > 0) {
    return {
      ...none,
      problems: faults.map((fault) => ({
        code: 'yaml_invalid',
        at: { file, ...positionAt(lines, fault.pos[0]), path: '' },
        ...describeYamlFault(fault.code, content, fault.pos[0]),
      })),
    };
  }
  if (document.contents === null || (isScalar(document.contents) && document.contents.value === null)) {
    return { ...none, problems: [{ code: 'file_empty', file }] };
  }
  return readDocument(file, document, lines, env);
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
      logLevel: 'silent',
    });
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

function readDocument(file: string, document: Document.Parsed, lines: LineCounter, env: Environment): Parsed {
  const places = new Map<string, Place>();
  const faulty = new Set<string>();
  const problems: Problem[] = [];
  let nodes = 0;

  function origin(node: ParsedNode | null, path: Path): Origin | undefined {
    return node === null ? undefined : { file, ...positionAt(lines, node.range[0]), path: pathText(path) };
  }

  function fault(at: Origin, detail: string): undefined {
    problems.push({ code: 'yaml_invalid', at, detail, hint: undefined });
  }

  /** `above` is where the key stands, for a value that is left empty. */
  function read(node: ParsedNode | null, path: Path, key: Origin | undefined, above: Origin, depth: number): unknown {
    const value = origin(node, path) ?? { ...above, path: pathText(path) };
    nodes += 1;
    if (nodes > maxNodes || depth > maxDepth) {
      if (nodes <= maxNodes + 1)
        fault(value, depth > maxDepth ? 'it is nested too deep' : 'its aliases unfold to too much');
      nodes = maxNodes + 2;
      faulty.add(pointerOf(path));
      return undefined;
    }
    const pointer = pointerOf(path);
    places.set(pointer, { key, value, fromEnvironment: false });
    if (isAlias(node)) return readAlias(node, path, key, value, depth);
    if (isMap(node)) return readMap(node as YAMLMap.Parsed, path, value, depth);
    if (isSeq(node)) {
      return node.items.map((item, index) => read(item as ParsedNode, [...path, index], undefined, value, depth + 1));
    }
    if (!isScalar(node)) return null;
    if (typeof node.value !== 'string') return node.value;
    const result = interpolate(node.value, env);
    if (result.kind === 'text') {
      if (result.fromEnvironment) places.set(pointer, { key, value, fromEnvironment: true });
      return result.text;
    }
    for (const variable of new Set(result.unset)) problems.push({ code: 'variable_unset', at: value, variable });
    for (const text of new Set(result.malformed)) problems.push({ code: 'variable_malformed', at: value, text });
    faulty.add(pointer);
    return undefined;
  }

  function readAlias(node: Alias.Parsed, path: Path, key: Origin | undefined, value: Origin, depth: number): unknown {
    const meant = node.resolve(document);
    if (meant === undefined) {
      faulty.add(pointerOf(path));
      return fault(value, 'an alias names an anchor that is not set before it');
    }
    return read(meant as ParsedNode, path, key, value, depth + 1);
  }

  function readMap(node: YAMLMap.Parsed, path: Path, value: Origin, depth: number): Record<string, unknown> {
    const result: Record<string, unknown> = Object.create(null);
    const first = new Map<string, Origin>();
    const merged: ParsedNode[] = [];
    for (const { key: keyNode, value: valueNode } of node.items) {
      if (keyNode !== null && !isScalar(keyNode)) {
        fault(origin(keyNode, path) ?? value, 'a key here is not plain text');
        continue;
      }
      const name = keyText(keyNode);
      if (name === '<<' && keyNode?.type === 'PLAIN') {
        if (valueNode !== null) merged.push(valueNode);
        continue;
      }
      const inside = [...path, name];
      const key = origin(keyNode, inside) ?? { ...value, path: pathText(inside) };
      const earlier = first.get(name);
      if (earlier !== undefined) {
        problems.push({ code: 'key_duplicate', at: key, key: name, first: earlier });
        continue;
      }
      first.set(name, key);
      result[name] = read(valueNode, inside, key, key, depth + 1);
    }
    for (const source of merged) mergeInto(result, source, path, value, depth);
    return result;
  }

  /** `<<`: what the mapping says itself wins; of several sources, the first. */
  function mergeInto(
    result: Record<string, unknown>,
    source: ParsedNode,
    path: Path,
    value: Origin,
    depth: number,
  ): void {
    const meant = isAlias(source) ? source.resolve(document) : source;
    nodes += 1;
    if (nodes > maxNodes || depth > maxDepth) return;
    if (isSeq(meant)) {
      for (const item of meant.items) mergeInto(result, item as ParsedNode, path, value, depth + 1);
      return;
    }
    if (!isMap(meant)) {
      fault(origin(source, path) ?? value, 'what is merged with << is not a mapping');
      return;
    }
    for (const pair of (meant as YAMLMap.Parsed).items) {
      if (pair.key !== null && !isScalar(pair.key)) continue;
      const name = keyText(pair.key);
      if (name === '<<') {
        if (pair.value !== null) mergeInto(result, pair.value, path, value, depth + 1);
        continue;
      }
      if (name in result) continue;
      const inside = [...path, name];
      const key = origin(pair.key, inside) ?? value;
      result[name] = read(pair.value, inside, key, key, depth + 1);
    }
  }

  const start = { file, line: 1, column: 1, path: '' };
  const value = read(document.contents, [], undefined, start, 0);
  return { file, value, places, faulty, problems };
}

/** A key is a name, whatever else YAML takes it for: `1` is "1". */
function keyText(node: Scalar.Parsed | null): string {
  if (node === null || node.value === null) return '';
  return typeof node.value === 'string' ? node.value : node.source;
}

function positionAt(lines: LineCounter, offset: number): { line: number; column: number } {
  const { line, col } = lines.linePos(offset);
  return { line: Math.max(line, 1), column: Math.max(col, 1) };
}
