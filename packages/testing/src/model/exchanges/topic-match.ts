/** The patterns of topic exchanges. Must not know exchanges. */

/** A routing key or a pattern in words; the empty one has none. */
export function topicWords(key: string): string[] {
  return key === '' ? [] : key.split('.');
}

/** Whether words fit a pattern: `*` is exactly one word, `#` any number of them, none among it. AMQP 0-9-1 §3.1.3.3. */
export function matchesTopic(pattern: readonly string[], words: readonly string[], from = 0, at = 0): boolean {
  const wanted = pattern[from];
  if (wanted === undefined) return at === words.length;
  if (wanted === '#') {
    if (from === pattern.length - 1) return true;
    for (let next = at; next <= words.length; next++) if (matchesTopic(pattern, words, from + 1, next)) return true;
    return false;
  }
  const word = words[at];
  return word !== undefined && (wanted === '*' || wanted === word) && matchesTopic(pattern, words, from + 1, at + 1);
}
