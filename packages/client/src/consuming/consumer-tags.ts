/** The consumer tags of a client: no two consumers have the same. Must not know channels. */

import { LazySet } from '../runtime/lazy-collections.ts';
import type { Consumer } from './consumer.ts';

/** The tags in use. */
export class ConsumerTags {
  private count = 0;
  private readonly used: LazySet<string> = new LazySet();

  /** Takes a tag that no other consumer of the client has: the wanted one, or one made unique by a prefix. */
  take(wanted: string | undefined): string {
    let tag = wanted ?? '';
    while (tag === '' || this.used.has(tag)) tag = `${++this.count}.${wanted ?? ''}`;
    this.used.add(tag);
    return tag;
  }

  /** A consumer has ended, or never began: its tags are free. */
  release(consumer: Consumer): void {
    for (const { consumerTag } of consumer.sources) this.used.delete(consumerTag);
  }
}
