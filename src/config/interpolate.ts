/** Values of environment variables. */
export type Environment = Readonly<Record<string, string | undefined>>;

export type Interpolated =
  | { readonly kind: 'text'; readonly text: string; readonly fromEnvironment: boolean }
  | { readonly kind: 'faults'; readonly unset: readonly string[]; readonly malformed: readonly string[] };

const reference = /\$\$|\$\{([^}]*)\}?/g;
const named = /^([A-Za-z_][A-Za-z0-9_]*)(?::-([\s\S]*))?$/;

/** Puts environment variables into a text: `${NAME}`, `${NAME:-default}`, and `$$` for a dollar sign. */
export function interpolate(text: string, env: Environment): Interpolated {
  const unset: string[] = [];
  const malformed: string[] = [];
  let fromEnvironment = false;
  const result = text.replace(reference, (whole: string, inside: string | undefined) => {
    if (inside === undefined) return '$';
    const [, name, fallback] = named.exec(inside) ?? [];
    if (name === undefined || !whole.endsWith('}')) {
      malformed.push(whole);
      return '';
    }
    fromEnvironment = true;
    const value = Object.hasOwn(env, name) ? env[name] : undefined;
    // As in a shell, an empty variable takes the default too.
    if (value !== undefined && (value !== '' || fallback === undefined)) return value;
    if (fallback === undefined) unset.push(name);
    return fallback ?? '';
  });
  if (unset.length > 0 || malformed.length > 0) return { kind: 'faults', unset, malformed };
  return { kind: 'text', text: result, fromEnvironment };
}

/** The text that stays as it is when it is read back. */
export function escapeReferences(text: string): string {
  return /\$[${]/.test(text) ? text.replaceAll('$', '$$$$') : text;
}
