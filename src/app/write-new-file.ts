import { writeFile } from 'node:fs/promises';
import { ToolError } from '../model/problem.ts';

/** Never overwrites a file unless told to; `force` undefined where nobody can tell it so. */
export async function writeNewFile(file: string, text: string, force: boolean | undefined): Promise<void> {
  try {
    await writeFile(file, text, { flag: force === true ? 'w' : 'wx' });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    throw new ToolError([
      code === 'EEXIST'
        ? { code: 'file_exists', file, forcible: force !== undefined }
        : { code: 'file_unwritable', file, detail: message },
    ]);
  }
}
