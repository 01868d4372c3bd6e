import type { Origin } from '../model/origin.ts';

/** Steps from the top of a document down to one node of it. */
export type Path = readonly (string | number)[];

/** Finds the line of an offset in the text of one file. */
export type Locate = (offset: number) => { readonly file: string; readonly line: number; readonly column: number };

/** Where one node of the document stands, where its text came from, and the same of what it holds. */
export interface Place {
  readonly locate: Locate;
  /** Offset of the key that leads to it; undefined for a list item and for the document. */
  readonly key: number | undefined;
  readonly value: number;
  /** As it is spelt, where YAML takes it for something else than text. */
  readonly source: string | undefined;
  /** Some of its text came from the environment, which may be a secret. */
  readonly fromEnvironment: boolean;
  readonly children: ReadonlyMap<string | number, Place>;
}

export const noChildren: Place['children'] = new Map();

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

export function placeAt(document: Place, path: Path): Place | undefined {
  let place: Place | undefined = document;
  for (const step of path) place = place?.children.get(step);
  return place;
}

/** Of the value, or of the nearest thing above it that is written down. */
export function originOf(document: Place, path: Path): Origin {
  const place = placeAbove(document, path);
  return { ...place.locate(place.value), path: pathText(path) };
}

/** Of the key, for problems that are about its name. */
export function keyOriginOf(document: Place, path: Path): Origin {
  const place = placeAbove(document, path);
  return { ...place.locate(place.key ?? place.value), path: pathText(path) };
}

function placeAbove(document: Place, path: Path): Place {
  let place = document;
  for (const step of path) {
    const inside = place.children.get(step);
    if (inside === undefined) return place;
    place = inside;
  }
  return place;
}
