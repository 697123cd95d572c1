/**
 * Text from devices and people as data: one line, no control or invisible characters, cut, in quotation marks. Half
 * surrogate pairs, which no UTF-8 can hold, become U+FFFD.
 */
export function quote(text: string, maxChars: number): string {
  return JSON.stringify(clean(text, maxChars));
}

/** The same without quotation marks. What is cut ends in `…`. */
export function clean(text: string, maxChars: number): string {
  // Cut before the replacements too, so that a megabyte of text costs nothing.
  const line = text
    .slice(0, maxChars * 4)
    .replaceAll(/\p{Cs}/gu, '\uFFFD')
    .replaceAll(/[\p{C}\p{Z}]+/gu, ' ')
    .trim();
  if (line.length <= maxChars) return line;
  // Not in the middle of a surrogate pair.
  return `${line.slice(0, maxChars - 1).replace(/[\uD800-\uDBFF]$/, '')}…`;
}

/** Whether quoting it leaves something out that a reader would miss. */
export function isCut(text: string, maxChars: number): boolean {
  return text.length > maxChars * 4 || clean(text, maxChars * 4).length > maxChars;
}

/** At most 3 decimals: more digits are more tokens and no more meaning. */
export function numberText(value: number): string {
  return Number.isFinite(value) ? String(Math.round(value * 1000) / 1000) : 'unknown';
}
