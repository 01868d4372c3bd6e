import { readdirSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import type { Command } from '@oclif/core';

const folder = 'src/cli/commands';

/** Every command, by its name as oclif finds it: the path of its file, with colons. */
export const COMMANDS: Readonly<Record<string, Command.Class>> = Object.fromEntries(
  await Promise.all(
    readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.ts'))
      .map(async (path) => {
        const module: Record<string, Command.Class> = await import(pathToFileURL(`${folder}/${path}`).href);
        return [path.replace(/\.ts$/, '').replaceAll('/', ':'), Object.values(module)[0]];
      }),
  ),
);
