/**
 * Plays a program on the embedded broker, lets all faults end, and says what is wrong. Must not decide what is done: the
 * program does.
 */
import { Scene } from '../scene.ts';
import { Breaker } from './breaker.ts';
import { Calls } from './calls.ts';
import { judgeClients } from './judge-clients.ts';
import { judgeEnds } from './judge-ends.ts';
import { judgeNames } from './judge-names.ts';
import { judgePublishes } from './judge-publishes.ts';
import type { Program, Step } from './steps.ts';
import { Watch } from './watch.ts';
import { World } from './world.ts';

/** RabbitMQ 4.3 takes no queue that is neither durable nor exclusive. */
const newVersion = { version: '4.3.0' };
/** Behind the faults: longer than what is not due by a timer, such as a queue's `x-expires`. */
const calmMs = 12_000;

/** Plays it. @returns what is wrong; nothing where all is well. */
export async function play(program: Program): Promise<string[]> {
  const version = program.isNewBroker ? newVersion : {};
  const world = new World(program, await Scene.start({ historyLimit: 100_000, ...version }));
  try {
    await new Player(world).play();
  } catch (error) {
    world.complain(`thrown: ${error instanceof Error ? error.stack : error}`);
  } finally {
    await world.scene.broker.stop();
  }
  return world.wrong;
}

class Player {
  private readonly world: World;
  private readonly calls: Calls;
  private readonly breaker: Breaker;
  private readonly watch: Watch;

  constructor(world: World) {
    this.world = world;
    this.calls = new Calls(world);
    this.breaker = new Breaker(world);
    this.watch = new Watch(world);
  }

  async play(): Promise<void> {
    const { world } = this;
    for (const client of world.actors.keys()) this.calls.make({ do: 'connect', client });
    await world.scene.settle();
    for (const step of world.program.steps) await this.take(step);
    world.endFaults();
    await this.judge('behind all faults');
    world.scene.broker.faults.dropConnections();
    await this.judge('behind one more cut');
    await judgePublishes(world);
    await judgeEnds(world);
  }

  private async take(step: Step): Promise<void> {
    const { scene } = this.world;
    switch (step.do) {
      case 'turn':
      case 'advance':
        if (step.do === 'turn') await scene.settle();
        else await scene.advance(step.ms);
        this.world.noteNames();
        this.watch.look();
        this.connectAgain(0.5);
        return;
      case 'fault':
        if (step.fault === 'storm') await this.storm();
        else await this.breaker.break(step.fault, step.choice);
        return;
      default:
        this.calls.make(step);
    }
  }

  /** The connection is lost over and over: more often than old names of a queue are kept. */
  private async storm(): Promise<void> {
    const { scene, actors } = this.world;
    for (let count = 0; count < 18; count++) {
      scene.broker.faults.dropConnections();
      await scene.advance(1200);
    }
    this.world.noteNames();
    this.watch.look();
    if (actors.length > 0) this.connectAgain(1);
  }

  /** A client that has ended is of no use to the rest of the program. */
  private connectAgain(chance: number): void {
    for (const { client, index } of this.world.actors) {
      if (client.state === 'idle' && this.world.random() < chance) this.calls.make({ do: 'connect', client: index });
    }
  }

  /** Lets the clock run until nothing is due, then judges. */
  private async judge(when: string): Promise<void> {
    const { world } = this;
    await world.scene.settle();
    if (when === 'behind all faults') this.connectAgain(1);
    await world.scene.advance(calmMs);
    await world.calmDown();
    await world.settleHeld();
    await world.calmDown();
    world.noteNames();
    judgeClients(world, when);
    await judgeNames(world, when);
  }
}
