import { type CopyOptions, type TableSpec, usualCopy, wholeTable } from './table.ts';

/** A table as a plan writes it: what is as usual is left out, as ten thousand tables have nothing unusual. */
export type TableDocument = Pick<TableSpec, 'name' | 'destination'> &
  Partial<Omit<TableSpec, 'copy'>> & { readonly copy?: Partial<CopyOptions> };

export function tableDocument(spec: TableSpec): TableDocument {
  const { copy, ...rest } = unusual(spec, wholeTable(spec.name));
  return {
    ...rest,
    name: spec.name,
    destination: spec.destination,
    ...(copy === undefined ? {} : { copy: unusual(copy, usualCopy) }),
  };
}

export function readTableDocument({ copy, ...rest }: TableDocument): TableSpec {
  return { ...wholeTable(rest.name), ...rest, copy: { ...usualCopy, ...copy } };
}

function unusual<Fields extends object>(value: Fields, usual: Fields): Partial<Fields> {
  const differing = Object.entries(value).filter(
    ([key, field]) => JSON.stringify(field) !== JSON.stringify(usual[key as keyof Fields]),
  );
  return Object.fromEntries(differing) as Partial<Fields>;
}
