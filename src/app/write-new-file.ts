import { open, realpath, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
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

/** All of the new text or all of the old, whenever the process ends. A link stays one, and the rights stay as they are. */
export async function replaceFile(file: string, text: string): Promise<void> {
  try {
    const target = await realpath(file);
    const draft = join(dirname(target), `.${basename(target)}.${process.pid}.new`);
    try {
      const handle = await open(draft, 'wx', (await stat(target)).mode & 0o777);
      try {
        await handle.writeFile(text);
        await handle.sync();
      } finally {
        await handle.close();
      }
      await rename(draft, target);
    } catch (error) {
      await rm(draft, { force: true });
      throw error;
    }
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    throw new ToolError([{ code: 'file_unwritable', file, detail: message }]);
  }
}
