/** Writes numbers, sizes and tables for the page. */

/** Three digits where there is a fraction, and commas between thousands. */
export function numberText(value: number): string {
  const text = value >= 100 ? value.toFixed(0) : String(Number(value.toPrecision(3)));
  return text.replace(/\B(?=(?:\d{3})+$)/g, ',');
}

export function ratioText(ratio: number): string {
  return ratio.toFixed(2);
}

/** Of a body, as `16 B` or `4 KiB`. */
export function sizeText(bytes: number): string {
  if (bytes >= 1_048_576) return `${numberText(bytes / 1_048_576)} MiB`;
  return bytes >= 1024 ? `${numberText(bytes / 1024)} KiB` : `${bytes} B`;
}

/** A table of Markdown; cells after the first are numbers. */
export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map((_, index) => (index === 0 ? '---' : '---:'))), ...rows.map(line)].join('\n');
}
