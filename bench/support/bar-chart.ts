import { median } from '../median.ts';
import type { Figure } from './report.ts';

const width = 760;
const barHeight = 18;
const labelWidth = 200;

/** One group of bars for each figure, each at its median; the thin line spans the rounds. */
export function barChart(title: string, figures: readonly Figure[]): string {
  const parts: string[] = [];
  let y = 40;
  for (const figure of figures) {
    parts.push(
      `<text x="10" y="${y}" font-weight="bold">${escaped(`${figure.measure}, ${figure.unit} (${figure.better} is better)`)}</text>`,
    );
    y += 8;
    const top = Math.max(...[...figure.values.values()].flat());
    for (const [contender, values] of figure.values) {
      parts.push(bar(contender, values, top, y));
      y += barHeight + 4;
    }
    y += 28;
  }
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${y}" font-family="sans-serif" font-size="12" role="img">`,
    `<title>${escaped(title)}</title>`,
    `<rect width="${width}" height="${y}" fill="white"/>`,
    `<text x="10" y="18" font-size="14">${escaped(title)}</text>`,
    ...parts,
    '</svg>\n',
  ].join('\n');
}

function bar(contender: string, values: readonly number[], top: number, y: number): string {
  const scale = (value: number) => Math.round((value / top) * (width - labelWidth - 110));
  const middle = median(values);
  const from = labelWidth + scale(Math.min(...values));
  const to = labelWidth + scale(Math.max(...values));
  const centre = y + barHeight / 2;
  return [
    `<text x="${labelWidth - 8}" y="${centre + 4}" text-anchor="end">${escaped(contender)}</text>`,
    `<rect x="${labelWidth}" y="${y}" width="${Math.max(1, scale(middle))}" height="${barHeight}" fill="${contender === 'trunkline' ? '#2563ab' : '#a9b4c2'}"/>`,
    `<line x1="${from}" x2="${to}" y1="${centre}" y2="${centre}" stroke="black"/>`,
    `<text x="${to + 8}" y="${centre + 4}">${middle >= 100 ? Math.round(middle) : middle.toFixed(1)}</text>`,
  ].join('\n');
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
