/** An exchange: what it was declared with, and the bindings that start at it. Must not deliver. */
import type { Arguments } from '../arguments.ts';
import type { Message } from '../message.ts';
import type { Resource } from '../resource.ts';
import type { Binding } from './binding.ts';
import { type BindingTable, bindingTable, type ExchangeType } from './binding-table.ts';

/** What an exchange is declared with. */
export interface ExchangeSettings {
  readonly name: string;
  readonly type: ExchangeType;
  readonly durable: boolean;
  readonly autoDelete: boolean;
  /** Messages come to it from other exchanges alone. */
  readonly internal: boolean;
  readonly arguments: Arguments;
}

/** An exchange: what it was declared with, and the bindings that start at it. */
export class Exchange {
  readonly settings: ExchangeSettings;
  readonly resource: Resource;
  readonly bindings: BindingTable;

  constructor(vhost: string, settings: ExchangeSettings) {
    this.settings = settings;
    this.resource = { kind: 'exchange', vhost, name: settings.name };
    this.bindings = bindingTable(settings.type);
  }

  get name(): string {
    return this.settings.name;
  }

  /** Where messages go that no binding takes; `undefined` for nowhere. */
  get alternate(): string | undefined {
    return this.settings.arguments.text('alternate-exchange');
  }

  /** The bindings that a message takes. */
  match(message: Message): Iterable<Binding> {
    return this.bindings.match(message);
  }
}
