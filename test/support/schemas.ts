import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';

const ajv = new Ajv({ allErrors: true, strict: false, formats: { 'date-time': true } });

/** What keeps a document from being what `schemas/NAME.schema.json` promises. */
export function schemaErrors(name: string, document: unknown): unknown[] {
  const id = `schemas/${name}.schema.json`;
  const validate = ajv.getSchema(id) ?? ajv.addSchema(JSON.parse(readFileSync(id, 'utf8')) as object, id).getSchema(id);
  return validate?.(document) === true ? [] : [...(validate?.errors ?? ['no such schema'])];
}
