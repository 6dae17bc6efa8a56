/**
 * What is there on a broker while programs run, kept by a connection that no program has: which queues are there, what they
 * hold, whether a line that fell is forgotten, and the clearing up. Must not know operations.
 */
import type { MethodInput } from '@puka/wire';
import { RawPeer } from '../raw-peer.ts';
import { Probe } from './probe.ts';
import { channelReports } from './report.ts';
import { probeChannel, type Seat, type Stage } from './seat.ts';

interface PresentQueue {
  readonly queue: string;
  /** Whose it is alone. */
  readonly owner: Seat | undefined;
}

/**
 * What is there on a broker while programs run, kept by a connection that no program has: which queues are there, what
 * they hold, whether a line that fell is forgotten, and the clearing up.
 */
export class Scene {
  /** A queue on which each channel of a program has a consumer: their number shows which channels are there. */
  readonly watchQueue: string;
  private readonly peer: RawPeer;
  private readonly probe: Probe;
  private readonly present = new Map<string, PresentQueue>();

  private constructor(peer: RawPeer, watchQueue: string) {
    this.peer = peer;
    this.watchQueue = watchQueue;
    this.probe = new Probe(peer, probeChannel);
  }

  static async open({ connector, port, vhost }: Stage, lane: string): Promise<Scene> {
    const scene = new Scene(await RawPeer.open(connector, port, { vhost }), `watch-${lane}`);
    await scene.probe.call({ type: 'queue.declare', queue: scene.watchQueue });
    return scene;
  }

  /** A queue has been declared. */
  found(queue: string, owner: Seat | undefined): void {
    if (!this.present.has(queue)) this.present.set(queue, { queue, owner });
  }

  /** The state of each queue that is there, as those who may look at it see it. */
  async look(): Promise<ReadonlyMap<string, string>> {
    const states = new Map<string, string>();
    const seen = [...this.present.values()];
    for (const [probe, queues] of this.byProbe(seen)) {
      const answers = await probe.look(queues);
      for (const [at, queue] of queues.entries()) states.set(queue, answers[at] ?? '-');
    }
    return new Map(seen.map(({ queue }) => [queue, states.get(queue) ?? '-']));
  }

  /** Queues that were not found are not looked for any more. */
  forgetGone(states: ReadonlyMap<string, string>): void {
    for (const [queue, state] of states) if (state === '404') this.present.delete(queue);
  }

  /** Waits until the broker has noticed that a connection has gone. @param channels how many are left. */
  async lineGone({ lineQueue }: Seat, channels: number): Promise<void> {
    const watched = `0 ${channels}`;
    for (;;) {
      const [line, watch] = await this.probe.look([lineQueue, this.watchQueue]);
      if (line === '404' && watch === watched) return;
      if (this.peer.isEnded) throw new Error('the broker has ended the line of the onlooker');
    }
  }

  /** Takes everything out of the queues that are left. @returns what was in them. */
  async drain(): Promise<string[]> {
    const lines: string[] = [];
    for (const { queue, owner } of this.present.values()) {
      const probe = this.proberOf(owner);
      for (;;) {
        const heard = await probe.call({ type: 'basic.get', queue, noAck: true });
        if (heard === undefined || heard.method.type === 'basic.get-empty') break;
        const [report] = channelReports([heard], 0, new Map());
        lines.push(`${queue}: ${report?.answers.join(' ').replace(/"deliveryTag":\d+,/, '')}`);
        if (heard.method.type !== 'basic.get-ok') break;
      }
    }
    return lines;
  }

  /** Deletes what is left. @param undoings for what cannot be deleted. */
  async clear(exchanges: readonly string[], undoings: readonly MethodInput[]): Promise<void> {
    for (const { queue, owner } of this.present.values()) {
      await this.proberOf(owner).call({ type: 'queue.delete', queue });
    }
    this.present.clear();
    await this.probe.callAll([
      ...exchanges.map((exchange): MethodInput => ({ type: 'exchange.delete', exchange })),
      ...undoings,
    ]);
  }

  async close(): Promise<void> {
    await this.probe.call({ type: 'queue.delete', queue: this.watchQueue });
    this.peer.drop();
  }

  private proberOf(owner: Seat | undefined): Probe {
    return owner === undefined || owner.peer.isEnded ? this.probe : owner.probe;
  }

  private byProbe(queues: readonly PresentQueue[]): Map<Probe, string[]> {
    const map = new Map<Probe, string[]>();
    for (const { queue, owner } of queues) {
      const probe = this.proberOf(owner);
      map.set(probe, [...(map.get(probe) ?? []), queue]);
    }
    return map;
  }
}
