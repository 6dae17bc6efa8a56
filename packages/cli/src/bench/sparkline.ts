/** Draws a row of numbers as bars of one character. */

const bars = '▁▂▃▄▅▆▇█';

/** The last numbers that fit, the highest as a full bar. @param width in characters. */
export function sparkline(values: readonly number[], width: number): string {
  const shown = values.slice(-width);
  const highest = Math.max(...shown, 1);
  return shown.map((value) => bars[Math.round((value / highest) * (bars.length - 1))]).join('');
}
