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

/** Has of a `Set` what the client needs. */
export class LazySet<Value> implements Iterable<Value> {
  private set: Set<Value> | undefined = undefined;

  get size(): number {
    return this.set === undefined ? 0 : this.set.size;
  }

  has(value: Value): boolean {
    return this.set?.has(value) === true;
  }

  add(value: Value): void {
    this.set ??= new Set();
    this.set.add(value);
  }

  delete(value: Value): boolean {
    return this.set?.delete(value) === true;
  }

  clear(): void {
    this.set?.clear();
    this.set = undefined;
  }

  [Symbol.iterator](): Iterator<Value> {
    return (this.set ?? [])[Symbol.iterator]();
  }
}
