/** The programs that use an installed package, as texts. It must not run them. */

/** Imports every entry point; one that exports nothing ends it with an error. */
export function importing(specifiers: readonly string[]): string {
  return `for (const name of ${JSON.stringify(specifiers)}) {
  const module = await import(name);
  if (Object.keys(module).length === 0) throw new Error(name + ' exports nothing');
}
console.log('imported');
`;
}

/**
 * The same by `require`, which has to return what `import` returns: a program that does both must not have two clients that
 * do not know each other's objects. Deno's `require` looks for no condition `deno`, so that its transport is another one.
 */
export function requiring(specifiers: readonly string[]): string {
  return `(async () => {
  for (const name of ${JSON.stringify(specifiers)}) {
    const module = require(name);
    if (Object.keys(module).length === 0) throw new Error(name + ' exports nothing');
    if (name === '@puka/transport' && 'Deno' in globalThis) continue;
    for (const [key, value] of Object.entries(await import(name))) {
      if (key !== 'default' && key !== 'module.exports' && module[key] !== value) throw new Error(name + ' is there twice: ' + key);
    }
  }
  console.log('required');
})();
`;
}

/** The same for the compiler. A name that is not exported has to be an error, or there are no types at all. */
export function typed(specifiers: readonly string[]): string {
  const lines = specifiers.map(
    (specifier, index) => `import * as package${index} from '${specifier}';
// @ts-expect-error no package has it
import { noSuchName as missing${index} } from '${specifier}';
export const all${index}: object = package${index};`,
  );
  return `${lines.join('\n')}\n`;
}

/**
 * Settings of a project whose programs know neither Node nor a browser. The types of third parties may name what both
 * have, such as the console, so that with peers there is a browser.
 */
export function typedSettings({ hasPeers }: { readonly hasPeers: boolean }): object {
  const lib = hasPeers ? ['ES2023', 'DOM'] : ['ES2023'];
  return {
    compilerOptions: {
      ...{ target: 'ES2023', lib, types: [], module: 'NodeNext', moduleResolution: 'NodeNext' },
      ...{ strict: true, exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true, skipLibCheck: false },
      noEmit: true,
    },
    files: ['use.mts'],
  };
}

/** A client that is bundled for Node: it makes one, and checks the error of a bad port, with names cut short or not. */
export const bundledForNode = `import { Client, UsageError } from '@puka/client';
try {
  new Client('amqp://localhost:0');
} catch (error) {
  if (error instanceof UsageError && new Client() instanceof Client) console.log('bundled', error.name, error.code);
}
`;

/** What the browser has to show. */
export const shownInBrowser = 'queue.declare-ok q 1 2, then 41 4d 51 50 00 00 09 01';

/** Decodes a frame and begins a session, and writes what came of it into the page. AMQP 0-9-1 §2.3.5, §2.2.4. */
export const bundledForBrowser = `import { Session } from '@puka/client/session';
import { decodeMethod, FrameDecoder } from '@puka/wire';

const words = [];
const ignore = () => {};
const decoder = new FrameDecoder({
  method(channel, bytes, start, end) {
    const { type, queue, messageCount, consumerCount } = decodeMethod(bytes, start, end);
    words.push(type, queue, messageCount, consumerCount);
  },
  header: ignore, body: ignore, heartbeat: ignore,
});
// method, channel 1, 14 bytes: class 50, method 11, 'q', 1 message, 2 consumers; end
const frame = '01 00 01 00 00 00 0e 00 32 00 0b 01 71 00 00 00 01 00 00 00 02 ce';
decoder.push(Uint8Array.from(frame.split(' '), (octet) => parseInt(octet, 16)));
const session = new Session({ username: 'u', password: 'p' }, {
  opened: ignore, blocked: ignore, unblocked: ignore, outputWaiting: ignore, closed: ignore,
});
session.connect(0);
const first = session.takeOutput(0).flatMap((chunk) => [...chunk]);
const hex = first.map((octet) => octet.toString(16).padStart(2, '0')).join(' ');
document.body.textContent = words.join(' ') + ', then ' + hex;
`;
