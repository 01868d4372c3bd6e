import { Document, isMap, isPair, isScalar, isSeq, type Node, type Pair, YAMLMap, YAMLSeq } from 'yaml';
import type { TrunklineDocument } from './document.ts';
import { escapeReferences } from './interpolate.ts';

export interface PlacedText {
  readonly path: readonly (string | number)[];
  readonly text: string;
}

/** A document as a person would write it: one line for a database, a node, an entry; what needs a look as comments. */
export function importedText(document: TrunklineDocument, comments: readonly PlacedText[]): string {
  const yaml = new Document(writtenDocument(document), { aliasDuplicateObjects: false, compat: 'yaml-1.1' });
  for (const path of [['databases'], ...queuePaths(document, 'nodes'), ...queuePaths(document, 'tables')]) {
    const items = yaml.getIn(path, true);
    if (items instanceof YAMLMap || items instanceof YAMLSeq) for (const item of items.items) inOneLine(item);
  }
  for (const name of Object.keys(document.queues ?? {})) {
    for (const key of ['ticker', 'defaults', 'sequences']) flow(yaml.getIn(['queues', name, key], true));
  }
  for (const { path, text } of comments) comment(yaml, path, text);
  return yaml.toString({ lineWidth: 0, flowCollectionPadding: true });
}

/** The document as it stands in a file: no text of it is taken for a reference to the environment by chance. */
export function writtenDocument(document: TrunklineDocument): TrunklineDocument {
  return escaped(document) as TrunklineDocument;
}

function queuePaths(document: TrunklineDocument, key: string): string[][] {
  return Object.keys(document.queues ?? {}).map((name) => ['queues', name, key]);
}

function inOneLine(item: unknown): void {
  flow(isPair(item) ? item.value : item);
}

function flow(node: unknown): void {
  if (isMap(node) || isSeq(node)) node.flow = true;
}

/** Before the key or the list item that the path leads to. */
function comment(yaml: Document, path: readonly (string | number)[], text: string): void {
  const parent = yaml.getIn(path.slice(0, -1), true);
  const last = path.at(-1);
  const target = isMap(parent) ? keyNode(parent.items, last) : isSeq(parent) ? parent.items[Number(last)] : undefined;
  if (target === undefined) return;
  const node = target as Node;
  const lines = text.split('\n').map((line) => ` ${line}`);
  node.commentBefore = [...(node.commentBefore === undefined ? [] : [node.commentBefore]), ...lines].join('\n');
}

function keyNode(items: readonly Pair[], key: string | number | undefined): unknown {
  return items.find((pair) => isScalar(pair.key) && pair.key.value === key)?.key;
}

/** What reads like a reference to the environment, and is none, is written so that it stays what it is. */
function escaped(value: unknown, path: readonly string[] = []): unknown {
  if (Array.isArray(value)) return value.map((item) => escaped(item, path));
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, escaped(item, [...path, key])]));
  }
  const meant = path[0] === 'databases' && path[2] === 'password';
  return typeof value === 'string' && !meant ? escapeReferences(value) : value;
}
