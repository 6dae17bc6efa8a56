// The forms in which a secret could slip out. It must not look for them: a test does.

/**
 * Patterns for a secret: as text, percent-encoded, in base64 at any place, and byte by byte in decimal or hexadecimal.
 *
 * @param secret long enough, and strange enough, not to be found by chance.
 */
export function formsOf(secret: string): readonly RegExp[] {
  const octets = [...Buffer.from(secret)];
  const texts = [secret, encodeURIComponent(secret), Buffer.from(secret).toString('hex')];
  return [
    ...[...texts, ...[0, 1, 2].map((before) => base64Core(secret, before))].map(
      (form) => new RegExp(form.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&')),
    ),
    new RegExp(octets.join('\\D+')),
    new RegExp(octets.map((octet) => `"\\d+":${octet}`).join(',')),
    new RegExp(octets.map((octet) => octet.toString(16).padStart(2, '0')).join('\\s+')),
  ];
}

/** The letters of the secret in base64 when so many octets precede it, whatever they are. */
function base64Core(secret: string, before: number): string {
  const text = Buffer.from('x'.repeat(before) + secret).toString('base64');
  return text.slice(before === 0 ? 0 : 4, -4);
}
