import type { ErrorCode } from 'yaml';

/** What is not YAML, in words of our own: those of the parser quote the text, which may hold a password. */
export function describeYamlFault(
  code: ErrorCode,
  text: string,
  offset: number,
): { readonly detail: string; readonly hint: string | undefined } {
  const line = lineAround(text, offset);
  if (code === 'TAB_AS_INDENT' || /^ *\t/.test(line)) {
    return { detail: 'a tab indents this line', hint: 'Indent with spaces.' };
  }
  const detail = details[code] ?? 'the parser cannot read on here';
  // In braces or brackets, `${` opens a mapping.
  if (/(^|[\s,:[{])\$\{/.test(line)) return { detail, hint: `Put text with \${…} in quotes: "\${NAME}".` };
  return { detail, hint: hints[code] };
}

const details: Partial<Record<ErrorCode, string>> = {
  ALIAS_PROPS: 'an alias has an anchor or tag of its own',
  BAD_ALIAS: 'an alias names an anchor that is not set before it',
  BAD_DIRECTIVE: 'a line that begins with % is no directive',
  BAD_DQ_ESCAPE: 'a backslash in double quotes begins no known escape',
  BAD_INDENT: 'the indentation fits nothing above it',
  BAD_SCALAR_START: 'a text begins with a sign that means something else in YAML',
  BLOCK_AS_IMPLICIT_KEY: 'a mapping or list stands where a value on the same line is expected',
  BLOCK_IN_FLOW: 'indented lines stand inside braces or brackets',
  BAD_COLLECTION_TYPE: 'a tag does not fit what it stands before',
  KEY_OVER_1024_CHARS: 'a key is longer than 1024 characters',
  MISSING_CHAR: 'a sign is missing: a colon, a comma, a space, a quote, a brace or a bracket',
  MULTILINE_IMPLICIT_KEY: 'a key runs over several lines, as happens where a colon or a quote is missing',
  MULTIPLE_ANCHORS: 'a value has two anchors',
  MULTIPLE_DOCS: 'a second document begins here',
  MULTIPLE_TAGS: 'a value has two tags',
  RESOURCE_EXHAUSTION: 'it is nested too deep',
  TAG_RESOLVE_FAILED: 'a tag (!) is not known here',
  UNEXPECTED_TOKEN: 'something stands here that nothing leads up to',
};

const hints: Partial<Record<ErrorCode, string>> = {
  BAD_ALIAS: 'Put a pattern that begins with * in quotes.',
  BAD_INDENT: 'Give keys of one mapping the same number of spaces.',
  BAD_SCALAR_START: 'Put the text in quotes.',
  BAD_DQ_ESCAPE: 'Use single quotes, where a backslash is a backslash.',
  BLOCK_AS_IMPLICIT_KEY: 'Put text that holds a colon and a space in quotes.',
  MISSING_CHAR: 'Look at the line above too.',
  MULTIPLE_DOCS: 'Keep one document a file: no line of three dashes but the first.',
  TAG_RESOLVE_FAILED: 'Put text that begins with an exclamation mark in quotes.',
};

function lineAround(text: string, offset: number): string {
  const start = text.lastIndexOf('\n', offset - 1) + 1;
  const end = text.indexOf('\n', offset);
  return text.slice(start, end < 0 ? undefined : end);
}
