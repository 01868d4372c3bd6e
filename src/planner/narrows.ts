import type { RowFilter } from '../model/names.ts';

/**
 * Whether every row that the new filter lets through was let through before, so that rows need only be deleted. Said only
 * of what can be seen in the text: conditions that are added with AND, and limits that are drawn closer.
 */
export function narrows(from: RowFilter | undefined, to: RowFilter | undefined): boolean {
  if (to === undefined || from === to) return false;
  if (from === undefined) return true;
  const before = conjuncts(from);
  const after = conjuncts(to);
  return (
    before !== undefined &&
    after !== undefined &&
    before.every((old) => after.some((now) => old === now || closer(old, now)))
  );
}

/** `a < 10` after `a < 20`. */
function closer(before: string, after: string): boolean {
  const [old, now] = [limitOf(before), limitOf(after)];
  if (old === undefined || now === undefined || old.column !== now.column || old.operator !== now.operator)
    return false;
  return old.operator.startsWith('<') ? now.value <= old.value : now.value >= old.value;
}

function limitOf(text: string) {
  const parts = /^([a-z_][\w.]*) (<=|>=|<|>) (- )?(\d{1,15})$/.exec(text);
  if (parts === null) return undefined;
  const value = Number(parts[4]) * (parts[3] === undefined ? 1 : -1);
  return { column: parts[1], operator: parts[2] ?? '', value };
}

/**
 * The parts that AND joins at the top, each in one spelling. Undefined where something else than AND may bind them: an OR,
 * a BETWEEN, a comment, or a parenthesis that is not closed.
 */
function conjuncts(text: string): readonly string[] | undefined {
  const parts: string[][] = [[]];
  let depth = 0;
  for (const [token] of text.matchAll(/'(?:[^']|'')*'|"(?:[^"]|"")*"|--|\/\*|\$\w*\$|<=|>=|<>|!=|[\w.]+|\s+|./gs)) {
    const word = /^[\w.]+$/.test(token) ? token.toLowerCase() : token;
    if (token === '--' || token === '/*' || /^\$\w*\$$/.test(token)) return undefined;
    if (token === '(') depth += 1;
    if (token === ')') depth -= 1;
    if (depth < 0 || (depth === 0 && binding.has(word))) return undefined;
    if (depth === 0 && word === 'and') parts.push([]);
    else if (!/^\s+$/.test(token)) parts.at(-1)?.push(word);
  }
  return depth === 0 ? parts.map((tokens) => plain(tokens).join(' ')) : undefined;
}

const binding: ReadonlySet<string> = new Set(['or', 'between', 'case']);

/** Without the parentheses around all of it. */
function plain(tokens: readonly string[]): readonly string[] {
  let inner = tokens;
  while (inner[0] === '(' && closes(inner) === inner.length - 1) inner = inner.slice(1, -1);
  return inner;
}

/** Where the parenthesis closes that the tokens begin with. */
function closes(tokens: readonly string[]): number {
  let depth = 0;
  for (const [at, token] of tokens.entries()) {
    if (token === '(') depth += 1;
    if (token === ')') depth -= 1;
    if (depth === 0) return at;
  }
  return -1;
}
