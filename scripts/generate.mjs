#!/usr/bin/env node
// Writes what follows from schemas/trunkline.schema.json. With --check it only says which files are stale.
import { readFileSync, writeFileSync } from 'node:fs';
import { generatedFiles } from './generated-files.mjs';

const check = process.argv.includes('--check');
let stale = 0;
for (const [path, text] of await generatedFiles()) {
  const url = new URL(`../${path}`, import.meta.url);
  if (current(url) === text) continue;
  stale += 1;
  if (!check) writeFileSync(url, text);
  console.log(`${check ? 'stale' : 'wrote'} ${path}`);
}
if (check && stale > 0) process.exitCode = 1;

function current(url) {
  try {
    return readFileSync(url, 'utf8');
  } catch {
    return undefined;
  }
}
