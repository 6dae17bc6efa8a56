/** The names that programs know things by: few, so that operations meet. `~` becomes what no other program has. */

/** The names of queues; the first two are most used, the last is mostly a quorum queue. */
export const queueNames: readonly string[] = ['qa~', 'qb~', 'qc~', 'qd~', 'qq~'];
/** The names of exchanges, each with the type it mostly has. */
export const exchangeNames: readonly string[] = ['xd~', 'xf~', 'xt~', 'xh~'];
export const exchangeTypes: readonly string[] = ['direct', 'fanout', 'topic', 'headers'];
/** Exchanges that are there in every vhost; what a program binds them to is undone after it. */
export const predeclaredNames: readonly string[] = ['amq.direct', 'amq.fanout', 'amq.topic', 'amq.headers'];

/** Who is at each connection of a program. The last may do some things only, see `limitedPatterns`. */
export const connectionUsers: readonly ('guest' | 'limited')[] = ['guest', 'guest', 'limited'];
/** What the user `limited` may do; `watch` and `line` are the names of the player's own queues. */
export const limitedPatterns = {
  configure: '^(qa|qb|xd|xf|line)',
  write: '^(qa|qc|xd|xt|amq\\.default|line)',
  read: '^(qa|qb|xd|xt|watch|line)',
} as const;
/** What may be used as routing key of the topic exchange of that name, by the user `limited`. */
export const limitedTopics = { exchange: 'amq.topic', write: '^a', read: '^a' } as const;

/** A line without the names a broker has chosen itself. */
export function neutral(line: string): string {
  return line
    .replaceAll(/amq\.(gen|ctag)-[\w-]{22}/g, 'amq.$1-…')
    .replaceAll(/amq\.rabbitmq\.reply-to\.[\w.+/=-]+/g, 'amq.rabbitmq.reply-to.…');
}
