/** Looks at clients while a program is played: what they hold while they have no connection, and what stands at their gates. */
import { OperationTimeout } from '@puka/errors';
import type { Actor, Started } from './actor.ts';
import { expiresMs } from './steps.ts';
import { little, type World } from './world.ts';

/** Of a publish, besides its body. */
const mostBytesBesides = 200;

/** Complains of what is wrong while the program runs. */
export class Watch {
  private readonly world: World;

  constructor(world: World) {
    this.world = world;
    for (const actor of world.actors) {
      actor.client.on('connected', (_info, recovery) => {
        if (recovery !== undefined) this.lookAtGate(actor);
      });
      actor.client.on('notRestored', (error, entity) => {
        // But for connections that are silent the broker always answers.
        if (!(error instanceof OperationTimeout) || world.hasGhosts) return;
        this.complain(`client ${actor.index} had no answer: ${JSON.stringify(entity)}`);
      });
      actor.client.on('queueRenamed', (from, to) => this.renamed(actor, from, to));
    }
  }

  /** Everything is at rest, for now. */
  look(): void {
    for (const actor of this.world.actors) {
      if (actor.client.state === 'recovering' && actor.client.recovery.phase === 'waiting') this.lookAtHeld(actor);
    }
  }

  /** What was given up is no longer held, and drained() and shutdown() do not wait for it. */
  private lookAtHeld(actor: Actor): void {
    const { client, index, setup } = actor;
    const pending = actor.pending.map(({ text, ...rest }) => ({ ...rest, text, step: stepOf({ text }) }));
    const publishes = pending.filter(({ step }) => step === 'publish');
    const others = pending.filter(({ step }) => !waitsForOthers.has(step) && step !== 'publish');
    const { held } = client.recovery;
    const bytes = publishes.reduce((sum, { operation }) => sum + (this.world.sizeOf.get(operation) ?? 0), 0);
    const most = bytes + publishes.length * mostBytesBesides;
    if (held.publishes !== publishes.length || held.bytes < bytes || held.bytes > most) {
      const { length } = publishes;
      this.complain(`client ${index} holds ${JSON.stringify(held)}; ${length} publishes of ${bytes} bytes are open`);
    }
    if (held.operations > others.length) {
      this.complain(`client ${index} holds ${held.operations} operations; ${others.length} are open`);
    }
    const hasRoom = publishes.length <= little.maxOpenPublishes / 2 && bytes <= little.maxBufferedBytes / 2;
    for (const { step, text } of pending) {
      if (step === 'drained' && (hasRoom || !setup.holdsLittle)) this.complain(`there is room: ${text}`);
      if (step === 'shutdown' && publishes.length + others.length === 0) this.complain(`nothing is left: ${text}`);
    }
  }

  /** A queue that was in use until the connection was lost is there again, however long that took. */
  private lookAtGate(actor: Actor): void {
    const { world } = this;
    if (actor.setup.recover !== 'on' && actor.setup.recover !== 'refuses') return;
    // A replay may take longer than the queue lives unused.
    if (world.hasDelays) return;
    for (const [key, usedAtMs] of actor.usedAtMs) {
      const wasInUse = actor.lostAtMs - usedAtMs < expiresMs;
      if (!wasInUse || world.isUncertain(key, actor) || world.unsafeQueues.has(key)) continue;
      if (world.scene.broker.queue(key) === undefined) this.complain(`${key} was in use, and is gone`);
    }
  }

  private renamed(actor: Actor, from: string, to: string): void {
    const { world } = this;
    world.noteNames();
    const key = world.keyOfName.get(from);
    const found = world.keyOfName.get(to);
    // The broker may have lost the old one before anybody looked.
    if (key !== undefined && found !== undefined && found !== key)
      this.complain(`client ${actor.index}: ${from} of ${key} is not ${found}`);
    else if (key !== undefined) world.keyOfName.set(to, key);
  }

  private complain(text: string): void {
    this.world.complain(text);
  }
}

/** These are not held by themselves. */
const waitsForOthers: ReadonlySet<string> = new Set(['connect', 'close', 'shutdown', 'drained']);

function stepOf({ text }: Pick<Started, 'text'>): string {
  return String(JSON.parse(text).do);
}
