/** Takes out of a screen what differs from run to run, so that the rest can be kept. It must not change anything else. */

/** What is there once, by its form. */
const masks: readonly (readonly [RegExp, string])[] = [
  // The system gives out ports of five digits, so that lines break where they broke.
  [/127\.0\.0\.1:\d{5}/g, '127.0.0.1:PORT'],
  [/port \d{5}(?=,| is open)/g, 'port PORT'],
  [/took \d+ ms/g, 'took N ms'],
  [/"seconds":[\d.]+/g, '"seconds":N'],
];

export function masked(screen: string): string {
  return masks.reduce((text, [form, by]) => text.replace(form, by), screen);
}

/** The screen of a benchmark: all its figures, and the blanks that line them up. */
export function maskedFigures(screen: string): string {
  return masked(screen)
    .replace(/\d[\d,.]*/g, 'N')
    .replace(/ {2,}/g, '  ');
}
