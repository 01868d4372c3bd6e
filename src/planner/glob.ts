/** `schema.table` with `*` for any run of characters and `?` for one; a bare pattern means schema public, as a bare name does. */
export function compileGlob(pattern: string): (name: string) => boolean {
  const dot = pattern.indexOf('.');
  const schema = partMatcher(dot < 0 ? 'public' : pattern.slice(0, dot));
  const rest = partMatcher(dot < 0 ? pattern : pattern.slice(dot + 1));
  return (name) => {
    const at = name.indexOf('.');
    return schema(name.slice(0, at)) && rest(name.slice(at + 1));
  };
}

export function anyGlob(patterns: readonly string[]): (name: string) => boolean {
  const globs = patterns.map(compileGlob);
  return (name) => globs.some((matches) => matches(name));
}

export function partMatcher(pattern: string): (text: string) => boolean {
  if (pattern === '*') return () => true;
  if (!/[*?]/.test(pattern)) return (text) => text === pattern;
  const source = pattern.replace(/[\\^$.*+?()[\]{}|]/g, (char) =>
    char === '*' ? '.*' : char === '?' ? '.' : `\\${char}`,
  );
  const regexp = new RegExp(`^${source}$`, 'su');
  return (text) => regexp.test(text);
}
