import type { Problem } from '../model/problem.ts';
import type { TrunklineDocument } from './document.ts';
import { keyOriginOf, type Path, type Place, type Places, pointerOf } from './place.ts';

export interface Part {
  readonly document: TrunklineDocument | undefined;
  readonly places: Places;
}

export interface Merged {
  readonly document: TrunklineDocument;
  readonly places: Places;
  readonly problems: readonly Problem[];
}

/** Files share databases and queues; within a queue they share nodes. Anything else is said in one file only. */
export function merge(parts: readonly Part[]): Merged {
  const places = new Map<string, Place>();
  const problems: Problem[] = [];
  const document: Mapping = {};
  for (const part of parts) {
    if (part.document !== undefined) mergeInto(document, part.document as unknown as Mapping, [], part.places);
    for (const [pointer, place] of part.places) if (!places.has(pointer)) places.set(pointer, place);
  }
  return { document: document as unknown as TrunklineDocument, places, problems };

  function mergeInto(target: Mapping, source: Mapping, path: Path, from: Places): void {
    for (const [key, value] of Object.entries(source)) {
      const inside = [...path, key];
      const present = Object.hasOwn(target, key) ? target[key] : undefined;
      if (present === undefined) {
        target[key] = isShared(inside) ? emptied(value as Mapping, inside, from) : value;
      } else if (isShared(inside)) mergeInto(present as Mapping, value as Mapping, inside, from);
      else if (key !== 'version' || path.length > 0) {
        const at = keyOriginOf(from, inside);
        problems.push({ code: 'key_duplicate', at, key, first: keyOriginOf(places, inside) });
      }
    }
  }

  /** A copy of the levels that later files add to. */
  function emptied(value: Mapping, path: Path, from: Places): Mapping {
    const copy: Mapping = Object.create(null);
    mergeInto(copy, value, path, from);
    return copy;
  }
}

type Mapping = Record<string, unknown>;

function isShared(path: Path): boolean {
  const pointer = pointerOf(path);
  return /^\/(databases|queues|queues\/[^/]*|queues\/[^/]*\/nodes)$/.test(pointer);
}
