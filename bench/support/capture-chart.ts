export interface Series {
  readonly measure: string;
  readonly unit: string;
  /** Whether the longer bar is the better one. */
  readonly better: 'more' | 'less';
  readonly bars: readonly {
    readonly name: string;
    readonly value: number;
    readonly low: number;
    readonly high: number;
  }[];
}

const colours: Readonly<Record<string, string>> = { none: '#9aa5b1', extension: '#c8792a', trunkline: '#1f6f8b' };
const titles: Readonly<Record<string, string>> = {
  none: 'no capture',
  extension: 'C trigger of pgq 3.5',
  trunkline: 'Trunkline, bundled SQL',
};
const width = 900;
const left = 330;
const right = 150;
const barHeight = 17;

/** Bars of medians, one group a measure, each group to its own scale; the thin line is from the lowest to the highest round. */
export function chart(heading: string, notes: readonly string[], groups: readonly Series[]): string {
  const parts: string[] = [];
  let top = 66;
  for (const group of groups) {
    const most = Math.max(...group.bars.map(({ high }) => high));
    const across = (value: number) => (value / most) * (width - left - right);
    parts.push(
      text(16, top + 13, group.measure, 'font-weight="600"'),
      text(16, top + 30, `${group.unit}, ${group.better} is better`, 'fill="#52606d" font-size="12"'),
    );
    group.bars.forEach(({ name, value, low, high }, index) => {
      const y = top + index * (barHeight + 4);
      const middle = y + barHeight / 2;
      parts.push(
        `<rect x="${left}" y="${y}" width="${across(value).toFixed(1)}" height="${barHeight}" fill="${colours[name]}"/>`,
        `<line x1="${(left + across(low)).toFixed(1)}" x2="${(left + across(high)).toFixed(1)}" y1="${middle}" y2="${middle}" stroke="#1f2933" stroke-width="1.5"/>`,
        text(left + across(high) + 8, y + 13, `${Math.round(value)}`, ''),
        text(left - 8, y + 13, titles[name] ?? name, 'text-anchor="end" fill="#52606d" font-size="12"'),
      );
    });
    top += Math.max(2, group.bars.length) * (barHeight + 4) + 20;
  }
  const foot = notes.map((note, index) => text(16, top + 6 + index * 17, note, 'fill="#52606d" font-size="12"'));
  const height = top + notes.length * 17 + 8;
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="system-ui, sans-serif" font-size="14" fill="#1f2933" role="img">
<title>${escaped(heading)}</title>
<rect width="100%" height="100%" fill="#ffffff"/>
${text(16, 34, heading, 'font-size="20" font-weight="600"')}
${[...parts, ...foot].join('\n')}
</svg>
`;
}

function text(x: number, y: number, content: string, attributes: string): string {
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" ${attributes}>${escaped(content)}</text>`;
}

function escaped(content: string): string {
  return content.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
