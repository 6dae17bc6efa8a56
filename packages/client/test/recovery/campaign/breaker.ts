/** Does what the faults of a program do, and taints what the models do not follow. Must not call a client. */
import { picked } from '../../seeded.ts';
import type { Fault } from './steps.ts';
import type { World } from './world.ts';

const delayed = ['queue.declare', 'queue.bind', 'basic.consume', 'basic.cancel'] as const;

/** The faults of one program. */
export class Breaker {
  private readonly world: World;

  constructor(world: World) {
    this.world = world;
  }

  async break(fault: Exclude<Fault, 'storm'>, choice: number): Promise<void> {
    const { world } = this;
    const { broker } = world.scene;
    const { faults } = broker;
    const bytes = choice % 1500;
    switch (fault) {
      case 'drop':
        faults.dropConnections();
        break;
      case 'dropAfterBroker':
        faults.dropAfterBytes(bytes);
        break;
      case 'dropAfterClient':
        faults.dropAfterBytes(bytes, { from: 'client' });
        break;
      case 'dropNextBroker':
        faults.dropAfterBytes(bytes, { connections: 'next' });
        break;
      case 'dropNextClient':
        faults.dropAfterBytes(bytes, { connections: 'next', from: 'client' });
        break;
      case 'ghosts':
        world.hasGhosts = true;
        faults.ghosts(choice % 4000);
        break;
      case 'halfOpen':
        await this.halfOpen(choice);
        break;
      case 'refuse':
        this.refuse(choice);
        break;
      case 'delay':
        // Answers of several channels come in another order than their methods took effect.
        world.taintExchanges();
        world.hasDelays = true;
        faults.delayReplies(picked(delayed, world.random), bytes, { times: 2 });
        break;
      case 'closeChannels':
        world.closesChannels = true;
        faults.closeChannels({}, picked([404, 406], world.random));
        break;
      case 'removeQueue':
        this.removeQueue(choice);
        break;
      case 'stopQueue':
        this.stopQueue();
        break;
      case 'vhostDown':
        faults.vhostDown();
        break;
      case 'restart':
        broker.restart();
        break;
      case 'block':
        broker.block();
        break;
      case 'forceClose':
        broker.closeConnections();
        break;
      case 'reorderConfirms':
        faults.reorderConfirms();
        break;
      case 'cancelConsumers':
        this.cancelConsumers();
        break;
      case 'cancelNewConsumers':
        this.cancelNewConsumers(choice);
        break;
      case 'hostDown':
        world.network.takeDown(choice % 2 === 0 ? 'one' : 'two');
        break;
      case 'upgrade':
        this.upgrade();
        break;
      case 'clear':
        world.endFaults();
        break;
    }
  }

  private refuse(choice: number): void {
    const { world } = this;
    const methods = ['queue.declare', 'queue.bind', 'basic.consume', 'exchange.declare', 'basic.publish'] as const;
    const method = picked(methods, world.random);
    const code = picked([403, 404, 405, 406, 541] as const, world.random);
    world.scene.broker.faults.refuse(method, { code, times: 1 + (choice % 2) });
    // What was refused once, by a fault, is not made again: the model does not follow.
    world.taintAll();
  }

  /** The broker takes the connections for alive. It may have done what it was asked for, and its answers are lost. */
  private async halfOpen(choice: number): Promise<void> {
    const { network, scene } = this.world;
    if (choice % 2 === 0) {
      network.deafen();
      await scene.settle();
    }
    scene.broker.faults.ghosts(choice % 4000);
    network.breakForClients();
  }

  private removeQueue(choice: number): void {
    const { world } = this;
    const { broker } = world.scene;
    const candidates = broker.queues().filter(({ name }) => !name.startsWith('d'));
    const found = candidates[choice % Math.max(1, candidates.length)];
    if (found === undefined) return;
    const key = world.keyOf(found.name);
    const isSilent = choice % 3 === 0 && this.isLookedAt(key);
    broker.faults.removeQueue(found.name, { isSilent });
    if (key === undefined) return;
    world.unsafeQueues.add(key);
    world.taint(key);
    world.taintExchanges();
  }

  /** RabbitMQ may take a queue that was made again for the lost one, and delete it silently: clients look after the gate. */
  private isLookedAt(key: string | undefined): boolean {
    const { actors, scene, isNewBroker } = this.world;
    const actor = actors[Number(key?.[1])];
    if (actor === undefined || actor.setup.recover === 'none' || actor.setup.recover === 'off') return false;
    const { recoveredAtMs, client, model } = actor;
    if (recoveredAtMs === undefined || client.state !== 'connected' || !model.queues.has(key ?? '')) return false;
    return !isNewBroker && /^[txasn]/.test(key ?? '') && scene.clock.now() - recoveredAtMs < 8000;
  }

  private stopQueue(): void {
    const { world } = this;
    const found = world.scene.broker.queues().find(({ name }) => name.startsWith('d'));
    if (found === undefined) return;
    world.unsafeQueues.add(found.name);
    // What is unbound while it is down is bound again with it.
    world.taint(found.name);
    world.stoppedAtMs.set(found.name, world.scene.clock.now());
    world.scene.broker.faults.stopQueue(found.name);
  }

  /** Consumers end that are not to come back; an auto-delete queue goes with its last. */
  private taintAutoDelete(): void {
    const { world } = this;
    world.cancelsConsumers = true;
    world.taint(...world.keys.filter((key) => /^[an]/.test(key)));
    world.taintExchanges();
  }

  private cancelConsumers(): void {
    this.taintAutoDelete();
    this.world.scene.broker.faults.cancelConsumers();
  }

  private cancelNewConsumers(choice: number): void {
    this.taintAutoDelete();
    const order = choice % 2 === 0 ? 'behind-ok' : 'ahead-of-ok';
    this.world.scene.broker.faults.cancelNewConsumers(undefined, { times: 1 + (choice % 3), order });
  }

  /** What is neither durable nor exclusive is not made again. */
  private upgrade(): void {
    const { world } = this;
    const { broker } = world.scene;
    world.isNewBroker = true;
    world.hasBeenUpgraded = true;
    world.refuseTransientQueues();
    broker.offer({ version: '4.3.0' });
    broker.restart();
    world.taint(...world.keys.filter((key) => /^[atn]/.test(key)));
    world.taintExchanges();
  }
}
