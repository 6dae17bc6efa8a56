/** What comes by callbacks, awaited by its number. Holds no test. */

/** What comes by callbacks, awaited by its number. */
export class Collected<T> {
  readonly items: T[] = [];
  private came = (): void => {};

  /** To be given as a callback. */
  readonly add = (item: T): void => {
    this.items.push(item);
    this.came();
  };

  /** The first so many, once they have come. */
  async first(count: number): Promise<T[]> {
    while (this.items.length < count) {
      await new Promise<void>((resolve) => {
        this.came = resolve;
      });
    }
    return this.items.slice(0, count);
  }
}
