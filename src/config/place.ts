import type { Origin } from '../model/origin.ts';

/** Steps from the top of a document down to one node of it. */
export type Path = readonly (string | number)[];

/** Where one node of the document stands, and where its text came from. */
export interface Place {
  /** Of the key that leads to it; undefined for a list item and for the document. */
  readonly key: Origin | undefined;
  readonly value: Origin;
  /** Some of its text came from the environment, which may be a secret. */
  readonly fromEnvironment: boolean;
}

/** By {@link pointerOf} the path. */
export type Places = ReadonlyMap<string, Place>;

/** JSON pointer: the form in which the schema checker names a node. */
export function pointerOf(path: Path): string {
  return path.map((step) => `/${String(step).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}

/** `queues.replika.tables[0]`; a name that would not read well is quoted. */
export function pathText(path: Path): string {
  return path
    .map((step, index) => {
      if (typeof step === 'number') return `[${step}]`;
      const plain = /^[\p{L}\p{N}_*-]+$/u.test(step) ? step : JSON.stringify(step);
      return index === 0 ? plain : `.${plain}`;
    })
    .join('');
}

/** Of the value, or of the nearest thing above it that is written down. */
export function originOf(places: Places, path: Path): Origin {
  return { ...placeAbove(places, path).value, path: pathText(path) };
}

/** Of the key, for problems that are about its name. */
export function keyOriginOf(places: Places, path: Path): Origin {
  const place = placeAbove(places, path);
  return { ...(place.key ?? place.value), path: pathText(path) };
}

function placeAbove(places: Places, path: Path): Place {
  for (let length = path.length; length >= 0; length -= 1) {
    const place = places.get(pointerOf(path.slice(0, length)));
    if (place !== undefined) return place;
  }
  throw new Error('the document has no place');
}
