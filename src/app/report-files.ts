import { appendFile, writeFile } from 'node:fs/promises';
import { ToolError } from '../model/problem.ts';

/** An earlier file of the name is replaced. */
export async function writeReport(file: string, text: string): Promise<void> {
  await writeFile(file, text).catch((error: Error) => {
    throw unwritable(file, error);
  });
}

/** To what other steps of a job have written there; nothing where there is no such file. */
export async function appendReport(file: string | undefined, text: () => string): Promise<void> {
  if (file === undefined || file === '') return;
  await appendFile(file, text()).catch((error: Error) => {
    throw unwritable(file, error);
  });
}

function unwritable(file: string, error: Error): ToolError {
  return new ToolError([{ code: 'report_unwritable', file, detail: error.message }]);
}
