/** Random choices that can be repeated: a test prints the seed, who looks for its failure sets `PUKA_SEED`. */

/** A seed, new for each run unless `PUKA_SEED` sets it. */
export function newSeed(): number {
  const given = process.env.PUKA_SEED;
  return given === undefined ? Math.floor(Math.random() * 0x1_0000_0000) : Number(given);
}

/** Numbers from 0 to less than 1, the same for the same seed (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000;
  };
}

/** The items in another order. */
export function shuffled<Item>(items: readonly Item[], random: () => number): Item[] {
  const rest = [...items];
  const order: Item[] = [];
  while (rest.length > 0) order.push(...rest.splice(Math.floor(random() * rest.length), 1));
  return order;
}

/** One of the items. */
export function picked<Item>(items: readonly Item[], random: () => number): Item {
  const [item] = items.slice(Math.floor(random() * items.length));
  if (item === undefined) throw new Error('there is nothing to pick from');
  return item;
}
