/** Makes and drops 2 GiB of fresh bytes, and prints how often V8 collected its young objects, and how often the whole heap. */
import { constants, type PerformanceEntry, PerformanceObserver } from 'node:perf_hooks';
import { setImmediate as turn } from 'node:timers/promises';

const [, , source = '', keptObjects = ''] = process.argv;
const { freshBytes }: { freshBytes(byteCount: number): Uint8Array } = await import(source);
const mebibyte = 1024 * 1024;
const kept = Array.from({ length: Number(keptObjects) }, (_, index) => ({ index, text: `object ${index}` }));
let young = 0;
let whole = 0;
const observer = new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) {
    const { detail } = entry as PerformanceEntry & { readonly detail: { readonly kind: number } }; // Of `gc`, by Node's manual.
    const { kind } = detail;
    if (kind === constants.NODE_PERFORMANCE_GC_MINOR) young++;
    if (kind === constants.NODE_PERFORMANCE_GC_MAJOR) whole++;
  }
});
observer.observe({ entryTypes: ['gc'] });
for (let byteCount = 0; byteCount < 2048 * mebibyte; byteCount += mebibyte) {
  freshBytes(mebibyte / 2);
  for (let count = 0; count < 4; count++) freshBytes(mebibyte / 8);
  await turn();
}
observer.disconnect();
console.log(JSON.stringify({ young, whole, kept: kept.length }));
