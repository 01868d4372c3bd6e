/**
 * Which of any number of texts a session has prepared. The server keeps the plan of each until the session ends, and takes some
 * fifty bytes for each character of it.
 */
export interface PreparedRoom {
  /** The name that the text is to be prepared under, undefined where there is no room; and names to let go of before. */
  place(text: string): { readonly name: string | undefined; readonly gone: readonly string[] };
}

interface Held {
  readonly name: string;
  used: boolean;
}

const noNames: readonly string[] = [];

/** At most so many characters of text are held. */
export function preparedRoom(most: number): PreparedRoom {
  const held = new Map<string, Held>();
  let size = 0;
  let made = 0;
  let refused = 0;

  /** What was not used while as much again as there is room for was refused ten times over. */
  function sweep(): readonly string[] {
    const gone: string[] = [];
    for (const [text, each] of held) {
      if (!each.used) {
        held.delete(text);
        size -= text.length;
        gone.push(each.name);
      }
      each.used = false;
    }
    refused = 0;
    return gone;
  }

  return {
    place(text) {
      const known = held.get(text);
      if (known !== undefined) {
        known.used = true;
        return { name: known.name, gone: noNames };
      }
      let gone = noNames;
      if (size + text.length > most) {
        refused += text.length;
        if (refused > 10 * most) gone = sweep();
        if (size + text.length > most) return { name: undefined, gone };
      }
      made += 1;
      const name = `held_${made}`;
      held.set(text, { name, used: true });
      size += text.length;
      return { name, gone };
    },
  };
}
