// Writes the files a private node is configured by. It must keep every listener on the loopback address.

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { LaunchOptions } from './types.ts';

/** Ports of a node's listeners. */
export interface NodePorts {
  readonly amqp: number;
  readonly tls: number | undefined;
  readonly management: number | undefined;
}

/** Where the written files are; undefined if there is none. */
export interface ConfigurationFiles {
  readonly config: string;
  readonly plugins: string;
  readonly advanced: string | undefined;
}

/** How the node will see the world: the folder its files lie in, and the address its listeners bind. */
export interface NodeView {
  readonly folder: string;
  readonly bindAddress: string;
  /** Let `guest` in from other addresses; needed if the loopback is not the node's own, as in a container. */
  readonly guestFromAnywhere: boolean;
}

/**
 * Writes rabbitmq.conf, enabled_plugins, advanced.config and the TLS files into `folder`.
 * @param view how the node sees that folder, when it is mounted or copied elsewhere.
 */
export async function writeConfiguration(
  folder: string,
  ports: NodePorts,
  options: LaunchOptions,
  view: NodeView,
): Promise<ConfigurationFiles> {
  const settings = new Map<string, string>();
  settings.set('listeners.tcp.1', `${view.bindAddress}:${ports.amqp}`);
  // A full disk is not what tests are about, and RabbitMQ stops all publishing at its default limit.
  settings.set('disk_free_limit.absolute', '1MB');
  if (view.guestFromAnywhere) settings.set('loopback_users', 'none');
  if (ports.management !== undefined) {
    settings.set('management.tcp.ip', view.bindAddress);
    settings.set('management.tcp.port', String(ports.management));
  }
  if (ports.tls !== undefined && options.tls !== undefined) {
    const { cert, key, ca, requireClientCertificate = false } = options.tls;
    settings.set('listeners.ssl.1', `${view.bindAddress}:${ports.tls}`);
    for (const [name, file, text] of [
      ['ssl_options.certfile', 'server-cert.pem', cert],
      ['ssl_options.keyfile', 'server-key.pem', key],
      ['ssl_options.cacertfile', 'ca.pem', ca],
    ] as const) {
      if (text === undefined) continue;
      await writeFile(join(folder, file), text);
      settings.set(name, `${view.folder}/${file}`);
    }
    settings.set('ssl_options.verify', ca === undefined ? 'verify_none' : 'verify_peer');
    settings.set('ssl_options.fail_if_no_peer_cert', String(requireClientCertificate));
  }
  for (const [key, value] of configSettings(options.config)) settings.set(key, value);

  const files = { config: join(folder, 'rabbitmq.conf'), plugins: join(folder, 'enabled_plugins') };
  await writeFile(files.config, [...settings].map(([key, value]) => `${key} = ${value}\n`).join(''));
  await writeFile(files.plugins, `[${(options.plugins ?? []).join(',')}].\n`);
  if (options.advanced === undefined) return { ...files, advanced: undefined };
  const advanced = join(folder, 'advanced.config');
  await writeFile(advanced, options.advanced);
  return { ...files, advanced };
}

/** The user's settings as pairs of key and value. */
export function configSettings(config: LaunchOptions['config']): [string, string][] {
  if (config === undefined) return [];
  if (typeof config === 'object' && !isLines(config))
    return Object.entries(config).map(([key, value]) => [key, String(value)]);
  const lines = isLines(config) ? config : config.split('\n');
  return lines
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => {
      const sign = line.indexOf('=');
      if (sign < 0) throw new Error(`a line of rabbitmq.conf is "key = value", not "${line}"`);
      return [line.slice(0, sign).trim(), line.slice(sign + 1).trim()];
    });
}

/** `Array.isArray` does not narrow a readonly array out of a union. */
function isLines(config: object | string): config is readonly string[] {
  return Array.isArray(config);
}
