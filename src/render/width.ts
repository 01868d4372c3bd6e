import stringWidth from 'string-width';

/** Cells that a text takes in a terminal: two for a letter of Chinese or an emoji, none for what joins the one before it. */
export function widthOf(text: string): number {
  return stringWidth(text);
}

export function padTo(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - widthOf(text)));
}

const letters = new Intl.Segmenter('en', { granularity: 'grapheme' });

/** As much of the text as fits, whole letters. */
export function cutTo(text: string, width: number): string {
  let left = width;
  let kept = '';
  for (const { segment } of letters.segment(text)) {
    left -= widthOf(segment);
    if (left < 0) break;
    kept += segment;
  }
  return kept;
}
