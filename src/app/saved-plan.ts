import { readFile, writeFile } from 'node:fs/promises';
import { decodeSavedPlan } from '../model/plan-codec.ts';
import type { PlanView } from '../model/plan-view.ts';
import { ToolError } from '../model/problem.ts';

export async function readSavedPlan(file: string): Promise<PlanView> {
  const text = await readFile(file, 'utf8').catch((error: Error) => {
    throw unusable(file, 'read', error.message);
  });
  const saved = decodeSavedPlan(text);
  if (saved === undefined) throw unusable(file, 'read', 'it holds no plan that this release wrote');
  return saved;
}

/** `text` is a plan as JSON. An earlier file of the name is replaced. */
export async function writeSavedPlan(file: string, text: string): Promise<void> {
  await writeFile(file, text).catch((error: Error) => {
    throw unusable(file, 'written', error.message);
  });
}

function unusable(file: string, doing: 'read' | 'written', detail: string): ToolError {
  return new ToolError([{ code: 'plan_file_unusable', file, doing, detail }]);
}
