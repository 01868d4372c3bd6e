import type { Problem } from '../model/problem.ts';
import type { TrunklineDocument } from './document.ts';
import { keyOriginOf, type Path, type Place, pointerOf } from './place.ts';

export interface Part {
  readonly document: TrunklineDocument | undefined;
  readonly places: Place;
}

export interface Merged {
  readonly document: TrunklineDocument;
  readonly places: Place;
  readonly problems: readonly Problem[];
}

/** Files share databases, queues and assertions; within a queue they share nodes and assertions. Anything else is said in one file only. */
export function merge([first, ...others]: readonly Part[]): Merged {
  if (first === undefined) throw new Error('no file to read');
  const problems: Problem[] = [];
  let merged: Part = first;
  for (const part of others) merged = mergeTwo(merged, part, problems);
  return { document: merged.document ?? { version: 1 }, places: merged.places, problems };
}

function mergeTwo(left: Part, right: Part, problems: Problem[]): Part {
  const document = mergeMappings(left.document ?? {}, right.document ?? {}, []);
  return { document: document as unknown as TrunklineDocument, places: mergePlaces(left.places, right.places) };

  function mergeMappings(a: object, b: object, path: Path): Mapping {
    const result: Mapping = Object.assign(Object.create(null), a);
    for (const [key, value] of Object.entries(b)) {
      const inside = [...path, key];
      if (result[key] === undefined) result[key] = value;
      else if (isShared(inside)) result[key] = mergeMappings(result[key] as object, value as object, inside);
      else if (key !== 'version' || path.length > 0) {
        const at = keyOriginOf(right.places, inside);
        problems.push({ code: 'key_duplicate', at, key, first: keyOriginOf(left.places, inside) });
      }
    }
    return result;
  }
}

/** What stands in both is the left one's; a faulty entry of either has its place too. */
function mergePlaces(left: Place, right: Place, path: Path = []): Place {
  if (path.length > 0 && !isShared(path)) return left;
  const children = new Map(left.children);
  for (const [step, place] of right.children) {
    const present = children.get(step);
    children.set(step, present === undefined ? place : mergePlaces(present, place, [...path, step]));
  }
  return { ...left, children };
}

type Mapping = Record<string, unknown>;

function isShared(path: Path): boolean {
  const pointer = pointerOf(path);
  return /^\/(databases|queues|assert|queues\/[^/]*|queues\/[^/]*\/(nodes|assert))$/.test(pointer);
}
