import { formatBytes, formatCount } from '../model/amounts.ts';

/** `about 200,000 rows, 35 MB`: what a copy moves, in the sentence of a hazard. */
export function amountOf(size: { readonly estimatedRows: number | undefined; readonly bytes: number }): string {
  const { estimatedRows, bytes } = size;
  if (estimatedRows === undefined) return `rows not counted yet, ${formatBytes(bytes)}`;
  if (estimatedRows === 0) return 'no rows';
  return `about ${formatCount(estimatedRows)} ${estimatedRows === 1 ? 'row' : 'rows'}, ${formatBytes(bytes)}`;
}
