import { readFileSync } from 'node:fs';
import { compile } from 'json-schema-to-typescript';

const source = 'schemas/trunkline.schema.json';
const banner = `// Generated from ${source} by \`npm run generate\`. Do not edit.\n`;

/** Path and text of every file that is generated. */
export async function generatedFiles() {
  const schema = JSON.parse(readFileSync(new URL(`../${source}`, import.meta.url), 'utf8'));
  return new Map([['src/config/document.ts', await documentTypes(schema)]]);
}

async function documentTypes({ title: _, ...schema }) {
  const types = await compile(schema, 'TrunklineDocument', {
    additionalProperties: false,
    bannerComment: '',
    style: { singleQuote: true, printWidth: 120 },
  });
  return `${banner}${types}`;
}
