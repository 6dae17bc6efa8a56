// All that tests and example programs take from here. It must load fast and import nothing but Node's own modules.

export * from './broker/index.ts';
export { findBrowser } from './browser/find-browser.ts';
export { VirtualClock } from './clock/virtual-clock.ts';
export { collectGarbage } from './collect-garbage.ts';
export * from './hex/index.ts';
export * from './proxy/index.ts';
export { refusedPort } from './refused-port.ts';
export { formsOf } from './secret-forms.ts';
export { uniqueName } from './unique-name.ts';
export { type NotYet, type WaitOptions, waitFor } from './wait-for.ts';
