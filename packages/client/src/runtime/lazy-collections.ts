/**
 * A map and a set that take memory from their first value on: an empty one of the engine takes 150 bytes and more, and a
 * client that does nothing has dozens. Must not know what they hold.
 */

/** Has of a `Map` what the client needs. */
export class LazyMap<Key, Value> implements Iterable<[Key, Value]> {
  private map: Map<Key, Value> | undefined = undefined;

  get size(): number {
    return this.map === undefined ? 0 : this.map.size;
  }

  get(key: Key): Value | undefined {
    return this.map?.get(key);
  }

  has(key: Key): boolean {
    return this.map?.has(key) === true;
  }

  set(key: Key, value: Value): void {
    this.map ??= new Map();
    this.map.set(key, value);
  }

  delete(key: Key): boolean {
    return this.map?.delete(key) === true;
  }

  clear(): void {
    this.map?.clear();
    this.map = undefined;
  }

  keys(): Iterable<Key> {
    return this.map?.keys() ?? [];
  }

  values(): Iterable<Value> {
    return this.map?.values() ?? [];
  }

  [Symbol.iterator](): Iterator<[Key, Value]> {
    return (this.map ?? [])[Symbol.iterator]();
  }
}

/** Has of a `Set` what the client needs. The first value takes no memory but its place: there is often no second. */
export class LazySet<Value> implements Iterable<Value> {
  /** The only value; `undefined` if there is none, and if there is a set. */
  private only: Value | undefined = undefined;
  private set: Set<Value> | undefined = undefined;

  get size(): number {
    if (this.set !== undefined) return this.set.size;
    return this.only === undefined ? 0 : 1;
  }

  has(value: Value): boolean {
    return this.set === undefined ? this.only !== undefined && this.only === value : this.set.has(value);
  }

  add(value: Value): void {
    const { only } = this;
    if (this.set !== undefined) this.set.add(value);
    else if (only === undefined || only === value) this.only = value;
    else {
      this.set = new Set([only, value]);
      this.only = undefined;
    }
  }

  delete(value: Value): boolean {
    if (this.set !== undefined) return this.set.delete(value);
    if (!this.has(value)) return false;
    this.only = undefined;
    return true;
  }

  clear(): void {
    // An iteration that goes on ends.
    this.set?.clear();
    this.set = undefined;
    this.only = undefined;
  }

  [Symbol.iterator](): Iterator<Value> {
    const { only } = this;
    return (this.set ?? (only === undefined ? [] : [only]))[Symbol.iterator]();
  }
}
