/** Counts work instead of time: how many values are moved by the array methods that move all that is left. */
const movers = ['shift', 'unshift', 'splice', 'slice', 'concat', 'copyWithin', 'filter'] as const;

/** The length of every array on which such a method was called while `work` ran, added up. */
export function movesDuring(work: () => void): number {
  let count = 0;
  const originals = movers.map((name) => [name, Object.getOwnPropertyDescriptor(Array.prototype, name)] as const);
  for (const [name, original] of originals) {
    const method: unknown = original?.value;
    if (typeof method !== 'function') throw new Error(`an array has no ${name}()`);
    const counting = function (this: unknown[], ...values: unknown[]): unknown {
      count += this.length;
      return Reflect.apply(method, this, values);
    };
    Object.defineProperty(Array.prototype, name, { ...original, value: counting });
  }
  try {
    work();
  } finally {
    for (const [name, original] of originals) Object.defineProperty(Array.prototype, name, original ?? {});
  }
  return count;
}
