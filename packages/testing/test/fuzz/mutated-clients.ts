/**
 * Lets mutated clients talk to brokers, in memory and on virtual time, and counts what must not happen. Must not stop at the
 * first one.
 */
import { ByteWriter, decodeMethod, encodeMethod, FrameDecoder, type MethodInput, type MethodType } from '@puka/wire';
import { BrokerClock } from '../../src/clock.ts';
import { Driver } from '../../src/driver.ts';
import type { Line, LineSink } from '../../src/listener/line.ts';
import { BrokerModel } from '../../src/model/broker-model.ts';
import { noInterference } from '../../src/protocol/interference.ts';
import { defaultSettings } from '../../src/protocol/server-settings.ts';
import { conversation } from './conversation.ts';
import { mutated, randomOf } from './mutation.ts';

/** What became of the clients. Escapes, hangs, leaks and unanswered must be 0. */
export interface FuzzTotals {
  clients: number;
  /** Clients that the broker refused something. */
  refused: number;
  /** Errors that left the connection they belong to. */
  escapes: number;
  /** Connections that are there after everything has run out. */
  hangs: number;
  /** Messages unacked, consumers, and exclusive queues that no client has any more. */
  leaks: number;
  /** Blameless clients that were not answered. */
  unanswered: number;
  /** The most real time of one client, in milliseconds. It is reported and not judged. */
  worstMs: number;
  /** The seeds of the first that were at fault. */
  readonly seeds: number[];
}

/** Each broker has so many clients, one after the other, so that one finds what another left. */
const clientsOfABroker = 50;

/** A connection that keeps nothing but the methods it got. */
class FuzzLine implements Line {
  readonly name = 'fuzz';
  readonly bufferedBytes = 0;
  isEnded = false;
  readonly heard: MethodType[] = [];
  private readonly decoder = new FrameDecoder(
    {
      method: (_channel, bytes, start, end) => void this.heard.push(decodeMethod(bytes, start, end).type),
      header: () => {},
      body: () => {},
      heartbeat: () => {},
    },
    { frameMaxBytes: 0 },
  );

  write(chunks: readonly Uint8Array[]): boolean {
    // A refused protocol header is answered by another.
    if (this.heard.length === 0 && chunks[0]?.[0] === 0x41) return true;
    for (const chunk of chunks) this.decoder.push(chunk.slice());
    return true;
  }

  end(): void {
    this.isEnded = true;
  }

  reset(): void {
    this.isEnded = true;
  }
}

/** A broker whose names are the same in each run. */
function newModel(): BrokerModel {
  let count = 0;
  return new BrokerModel({ newId: () => new Uint8Array(16).fill(++count) });
}

/** Runs clients. Client number `n` of a seed is the same in every run. */
export class MutatedClients {
  readonly totals: FuzzTotals = {
    ...{ clients: 0, refused: 0, escapes: 0, hangs: 0, leaks: 0, unanswered: 0, worstMs: 0 },
    seeds: [],
  };
  private mistakes = 0;
  private seed = 0;
  private model = newModel();
  private driver = this.newDriver();

  /** @param first the seed of the first client; the others follow. */
  run(first: number, count: number): void {
    for (let seed = first; seed < first + count; seed++) {
      if ((seed - first) % clientsOfABroker === 0) {
        this.model = newModel();
        this.driver = this.newDriver();
      }
      this.seed = seed;
      this.runOne(seed);
    }
  }

  private newDriver(): Driver {
    const { model } = this;
    model.addVhost('/');
    model.addUser('guest', 'guest', ['/']);
    const context = {
      ...{ broker: model, settings: defaultSettings, interference: noInterference, alarms: new Set<string>() },
      noteMistake: ({ replyText }: { readonly replyText: string }) => {
        this.mistakes++;
        if (replyText.includes('the embedded broker failed')) this.fault('escapes');
      },
    };
    return new Driver(context, new BrokerClock('manual'), { takesLine: () => true, turnOver: () => {} });
  }

  private runOne(seed: number): void {
    const { totals } = this;
    totals.clients++;
    this.mistakes = 0;
    const startedAt = performance.now();
    const line = new FuzzLine();
    this.guarded(() => {
      const sink = this.driver.accept(line);
      for (const chunk of mutated(conversation, randomOf(seed))) if (!line.isEnded) sink.received(chunk);
      // What waits for a close-ok, a heartbeat or the rest of a handshake has its time.
      if (seed % 2 === 0) this.driver.advance(120_000, false);
      // A client closes its side too.
      sink.ended();
    });
    this.guarded(() => this.driver.advance(120_000, false));
    if (this.mistakes > 0) totals.refused++;
    if (this.driver.lines.size > 0) this.fault('hangs');
    totals.worstMs = Math.max(totals.worstMs, performance.now() - startedAt);
    this.guarded(() => this.lookForLeaks());
    if (seed % 10 === 0) this.guarded(() => this.probe());
  }

  private guarded(action: () => void): void {
    try {
      action();
    } catch {
      this.fault('escapes');
    }
  }

  private lookForLeaks(): void {
    for (const vhost of this.model.vhosts.values()) {
      for (const queue of vhost.queues.values()) {
        const isLeft = queue.unackedCount > 0 || queue.consumers.length > 0 || queue.settings.owner !== undefined;
        if (isLeft) this.fault('leaks');
      }
    }
    if (this.model.replyReceivers.size > 0) this.fault('leaks');
  }

  /** A blameless client is answered whatever the others did. */
  private probe(): void {
    const line = new FuzzLine();
    const sink = this.driver.accept(line);
    const opening = conversation.slice(0, 5);
    for (const frame of opening) sink.received(frame.slice());
    say(sink, { type: 'queue.declare', queue: 'probe', exclusive: true });
    if (line.heard.at(-1) !== 'queue.declare-ok') this.fault('unanswered');
    sink.ended();
  }

  private fault(kind: 'escapes' | 'hangs' | 'leaks' | 'unanswered'): void {
    this.totals[kind]++;
    if (this.totals.seeds.length < 10) this.totals.seeds.push(this.seed);
  }
}

function say(sink: LineSink, method: MethodInput): void {
  const writer = new ByteWriter();
  encodeMethod(writer, 1, method);
  for (const chunk of writer.take()) sink.received(chunk.slice());
}
