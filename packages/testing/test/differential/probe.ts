/** Asks a broker things on a channel of its own, which is opened again when the broker closes it. Must not know programs. */
import type { MethodInput } from '@puka/wire';
import type { Heard, RawPeer } from '../raw-peer.ts';

/** Asks a broker things on a channel of its own, which is opened again when the broker closes it. */
export class Probe {
  private readonly peer: RawPeer;
  private readonly channel: number;
  private isOpen = false;

  constructor(peer: RawPeer, channel: number) {
    this.peer = peer;
    this.channel = channel;
  }

  /** Asks several things at once. @returns the answers in their order; `undefined` if the connection ended. */
  async callAll(methods: readonly MethodInput[]): Promise<(Heard | undefined)[]> {
    const answers: (Heard | undefined)[] = [];
    while (answers.length < methods.length) {
      const from = this.peer.heard.length;
      const open: MethodInput[] = this.isOpen ? [] : [{ type: 'channel.open' }];
      this.isOpen = true;
      this.peer.send(this.channel, ...open, ...methods.slice(answers.length));
      const wanted = methods.length - answers.length;
      const got = await this.answers(from, wanted);
      answers.push(...got);
      if (got.length < wanted && this.peer.isEnded) return methods.map((_, at) => answers[at]);
    }
    return answers;
  }

  async call(method: MethodInput): Promise<Heard | undefined> {
    const [answer] = await this.callAll([method]);
    return answer;
  }

  /** What each queue holds, by a passive declare: messages and consumers, or the code of the refusal. */
  async look(queues: readonly string[]): Promise<string[]> {
    const answers = await this.callAll(queues.map((queue) => ({ type: 'queue.declare', queue, passive: true })));
    return answers.map((heard) => {
      const method = heard?.method;
      if (method?.type === 'queue.declare-ok') return `${method.messageCount} ${method.consumerCount}`;
      return method?.type === 'channel.close' ? String(method.replyCode) : '-';
    });
  }

  /** So many answers, fewer where one of them closes the channel. */
  private async answers(from: number, count: number): Promise<Heard[]> {
    const { peer } = this;
    const found: Heard[] = [];
    for (let at = from; found.length < count; at++) {
      while (at >= peer.heard.length) {
        if (peer.isEnded) return found;
        await peer.more();
      }
      const each = peer.heard[at];
      if (each?.channel !== this.channel || each.method.type === 'channel.open-ok') continue;
      found.push(each);
      if (each.method.type !== 'channel.close') continue;
      this.isOpen = false;
      break;
    }
    return found;
  }
}
