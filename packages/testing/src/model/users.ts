/** Users, what they may do, and the check of it. Must not know passwords' way over the wire. RabbitMQ: docs/access-control. */
import { AccessRefused } from '@puka/errors';
import { type Resource, resourceText } from './resource.ts';

/** What a user may do with a resource. */
export type Permission = 'configure' | 'write' | 'read';

/** The patterns of a user in one vhost: regular expressions; the empty one fits nothing but the empty name. */
export interface PermissionPatterns {
  readonly configure: string;
  readonly write: string;
  readonly read: string;
}

/** The patterns for the routing keys of one topic exchange. */
export type TopicPatterns = Pick<PermissionPatterns, 'write' | 'read'>;

/** A user that may log in. */
export interface User {
  readonly name: string;
  readonly password: string;
  /** Such as `administrator`; `impersonator` may publish in another's name. */
  readonly tags: readonly string[];
}

/** Users, what they may do, and the check of it. */
export class Users {
  private readonly users = new Map<string, User>();
  /** By user, then by vhost: asked for each publish, so that no key is put together for it. */
  private readonly permissions = new Map<string, Map<string, PermissionPatterns>>();
  private readonly topics = new Map<string, TopicPatterns>();

  add(user: User): void {
    this.users.set(user.name, user);
  }

  remove(name: string): void {
    this.users.delete(name);
  }

  get(name: string): User | undefined {
    return this.users.get(name);
  }

  /** @returns the user with that password; `undefined` if there is none. */
  login(name: string, password: string): User | undefined {
    const user = this.users.get(name);
    return user !== undefined && user.password === password ? user : undefined;
  }

  /** @param patterns `undefined` takes the vhost away from the user. */
  setPermissions(user: string, vhost: string, patterns: PermissionPatterns | undefined): void {
    const vhosts = this.permissions.get(user) ?? new Map<string, PermissionPatterns>();
    this.permissions.set(user, vhosts);
    if (patterns === undefined) vhosts.delete(vhost);
    else vhosts.set(vhost, patterns);
  }

  /** @param patterns `undefined` allows every routing key again. */
  setTopicPermissions(user: string, vhost: string, exchange: string, patterns: TopicPatterns | undefined): void {
    if (patterns === undefined) this.topics.delete(key(user, vhost, exchange));
    else this.topics.set(key(user, vhost, exchange), patterns);
  }

  /** Whether the user has permissions in the vhost, be they for nothing. */
  mayEnter(user: string, vhost: string): boolean {
    return this.permissions.get(user)?.has(vhost) === true;
  }

  /** @throws {AccessRefused} if the user may not. */
  check(user: string, resource: Resource, permission: Permission): void {
    const name = resource.kind === 'exchange' && resource.name === '' ? 'amq.default' : resource.name;
    const patterns = this.permissions.get(user)?.get(resource.vhost);
    if (patterns !== undefined && fits(patterns[permission], name)) return;
    throw new AccessRefused(`access to ${resourceText({ ...resource, name })} refused for user '${user}'`);
  }

  /** @throws {AccessRefused} if the user may not use the routing key at the topic exchange. */
  checkTopic(user: string, exchange: Resource, routingKey: string, permission: 'write' | 'read'): void {
    const { vhost, name } = exchange;
    const patterns = this.topics.get(key(user, vhost, name));
    if (patterns === undefined) return;
    const pattern = patterns[permission].replaceAll('{username}', user).replaceAll('{vhost}', vhost);
    if (fits(pattern, routingKey)) return;
    throw new AccessRefused(
      `access to topic '${routingKey}' in exchange '${name}' in vhost '${vhost}' refused for user '${user}'`,
    );
  }
}

function key(...parts: readonly string[]): string {
  return parts.join('\0');
}

function fits(pattern: string, name: string): boolean {
  if (pattern === '.*') return true;
  return new RegExp(pattern === '' ? '^$' : pattern).test(name);
}
