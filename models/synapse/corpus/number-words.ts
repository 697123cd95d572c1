const SMALL =
  'zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen'.split(
    ' ',
  );
const TENS = 'twenty thirty forty fifty sixty seventy eighty ninety'.split(' ');

/** A whole number up to 100 in English words; undefined for others. */
export function numberWord(value: number): string | undefined {
  if (!Number.isInteger(value) || value < 0 || value > 100) return undefined;
  if (value === 100) return 'one hundred';
  if (value < 20) return SMALL[value];
  const unit = value % 10;
  const ten = TENS[Math.floor(value / 10) - 2]!;
  return unit === 0 ? ten : `${ten} ${SMALL[unit]!}`;
}
