import { createTwoFilesPatch } from 'diff';
import type { Paint } from './paint.ts';

interface Edited {
  readonly file: string;
  readonly before: string;
  readonly after: string;
}

/** As `diff -u` has it, so that `patch` takes it too. */
export function fileDiff({ file, before, after }: Edited): string {
  const patch = createTwoFilesPatch(file, file, before, after, undefined, undefined, { context: 3 });
  return withoutPasswords(patch.replace(/^Index: .*\n=+\n/, ''));
}

/** Lines that stand near by may hold one. */
function withoutPasswords(text: string): string {
  return text
    .replace(/(password["']?\s*[:=]\s*)("[^"]*"|'[^']*'|[^\s,}"'&]+)/gi, '$1***')
    .replace(/(:\/\/[^\s:@/"']*:)[^@\s"']*@/g, '$1***@');
}

export function fileDiffText(edit: Edited, paint: Paint): string {
  const lines = fileDiff(edit).trimEnd().split('\n');
  return lines
    .map((line, index) =>
      index < 2
        ? paint.strong(line)
        : line.startsWith('+')
          ? paint.created(line)
          : line.startsWith('-')
            ? paint.removed(line)
            : line,
    )
    .join('\n');
}
