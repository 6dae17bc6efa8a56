/** Names of what a vhost holds, as RabbitMQ writes them in its refusals. Must not look anything up. */

/** What a name refers to. */
export type ResourceKind = 'exchange' | 'queue';

/** A name within its vhost. */
export interface Resource {
  readonly kind: ResourceKind;
  readonly vhost: string;
  readonly name: string;
}

/** `queue 'jobs' in vhost '/'`. */
export function resourceText({ kind, vhost, name }: Resource): string {
  return `${kind} '${name}' in vhost '${vhost}'`;
}

/** RabbitMQ: line breaks in the names of queues and exchanges are removed silently. */
export function withoutLineBreaks(name: string): string {
  return name.includes('\n') || name.includes('\r') ? name.replaceAll(/[\r\n]/g, '') : name;
}
