/** `about 200,000 rows, 35 MB`: what a copy moves, in the sentence of a hazard. */
export function amountOf(size: { readonly estimatedRows: number | undefined; readonly bytes: number }): string {
  const { estimatedRows, bytes } = size;
  if (estimatedRows === undefined) return `rows not counted yet, ${bytesText(bytes)}`;
  if (estimatedRows === 0) return 'no rows';
  return `about ${grouped(estimatedRows)} ${estimatedRows === 1 ? 'row' : 'rows'}, ${bytesText(bytes)}`;
}

function grouped(count: number): string {
  return String(Math.round(count)).replace(/\B(?=(\d{3})+$)/g, ',');
}

function bytesText(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}
