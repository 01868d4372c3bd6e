import { readFileSync } from 'node:fs';
import { compile } from 'json-schema-to-typescript';

const source = 'schemas/trunkline.schema.json';

/** Path and text of every file that is generated. */
export async function generatedFiles() {
  const schema = JSON.parse(readFileSync(new URL(`../${source}`, import.meta.url), 'utf8'));
  return new Map([
    ['src/config/document.ts', await documentTypes(schema)],
    ['docs/reference/configuration.md', referencePage(schema)],
  ]);
}

async function documentTypes({ title: _, ...schema }) {
  const types = await compile(schema, 'TrunklineDocument', {
    additionalProperties: false,
    bannerComment: '',
    style: { singleQuote: true, printWidth: 120 },
  });
  return `// Generated from ${source} by \`npm run generate\`. Do not edit.\n${types}`;
}

/** One section for each mapping of the file, with a table of its keys. */
function referencePage(schema) {
  const sections = [];
  walk(schema, '', schema, sections);
  return `${[
    `<!-- Generated from ${source} by \`npm run generate\`. Do not edit. -->`,
    '# The file',
    schema.description,
    '`trunkline validate` checks it without a database; `trunkline validate --resolved` prints it with every default written down, those of tables under `defaults`, as an entry of `tables` refines those before it; `trunkline schema` prints the JSON Schema for editors. A directory given with `-f` stands for all its `*.yaml` and `*.yml` files: they share `databases`, `queues` and `assert`, and the `nodes` and `assert` of a queue, and say everything else in one place only. What is said twice is an error that names both places.',
    ...sections,
  ].join('\n\n')}\n`;
}

function walk(part, path, schema, sections) {
  const { properties, additionalProperties, items } = part;
  if (properties !== undefined) {
    sections.push(section(part, path, schema));
    for (const [key, value] of Object.entries(properties)) {
      walk(resolved(value, schema), path === '' ? key : `${path}.${key}`, schema, sections);
    }
  }
  if (typeof additionalProperties === 'object') {
    walk(resolved(additionalProperties, schema), `${path}.<name>`, schema, sections);
  }
  if (items !== undefined) walk(resolved(items, schema), `${path}[]`, schema, sections);
  for (const alternative of part.anyOf ?? []) {
    walk(
      { ...resolved(alternative, schema), description: part.description, examples: part.examples },
      path,
      schema,
      sections,
    );
  }
}

function section(part, path, schema) {
  const required = part.required ?? [];
  const rows = Object.entries(part.properties).map(([key, raw]) => {
    const value = resolved(raw, schema);
    const fallback = value.default ?? (required.includes(key) ? 'required' : undefined);
    const cells = [
      `\`${key}\``,
      kindOf(value, schema),
      fallback === undefined ? '' : fallback === 'required' ? fallback : `\`${fallback}\``,
      `${value.description} ${examplesOf(value)}`,
    ];
    return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  });
  const text = [`## ${path === '' ? 'Top of the file' : `\`${path}\``}`];
  if (path !== '') text.push(part.description);
  text.push(['| key | value | default | meaning |', '|---|---|---|---|', ...rows].join('\n'));
  return text.join('\n\n');
}

function kindOf(part, schema) {
  if (part.anyOf !== undefined) return part.anyOf.map((one) => kindOf(resolved(one, schema), schema)).join(' or ');
  if (part.enum !== undefined) return part.enum.map((word) => `\`${word}\``).join(', ');
  if (part.pattern?.includes('ms|s|m|h|d')) return 'time: `ms`, `s`, `m`, `h`, `d`';
  const types = [part.type].flat();
  if (types.includes('integer')) return `whole number, ${part.minimum} to ${part.maximum}`;
  if (types.includes('boolean')) return '`true` or `false`';
  if (types.includes('array')) return `list of ${kindOf(resolved(part.items, schema), schema)}`;
  if (types.includes('object')) return 'mapping';
  return 'text';
}

function examplesOf(part) {
  const [first] = part.examples;
  const text = inline(first);
  return text.length > 80 ? '' : `Example: \`${text}\`.`;
}

function inline(value) {
  if (Array.isArray(value)) return `[${value.map(inline).join(', ')}]`;
  if (typeof value === 'object') {
    const pairs = Object.entries(value).map(([key, item]) => `${key}: ${inline(item)}`);
    return pairs.length === 0 ? '{}' : `{ ${pairs.join(', ')} }`;
  }
  return typeof value === 'string' && !/^\w[\w.:/ '<=*-]*$/.test(value) ? JSON.stringify(value) : String(value);
}

function resolved(part, schema) {
  if (part.$ref === undefined) return part;
  return schema.definitions[part.$ref.replace('#/definitions/', '')];
}
