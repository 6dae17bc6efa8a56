/**
 * Runs programs on one broker, one after the other, and writes down what each step brought about, once everything in flight
 * has come to rest. Must not know which broker it is, nor what is right.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { MethodInput } from '@puka/wire';
import { predeclaredNames } from './names.ts';
import type { Operation, Program, PublishOperation, SettleOperation } from './operation.ts';
import { named, renamed, renamedTable } from './renaming.ts';
import { channelReports, neutralStates, reportText, type StepReport } from './report.ts';
import { Scene } from './scene.ts';
import { Seat, type Stage } from './seat.ts';

/** How many rounds without news there must be when it is not known what is to come. */
const quietRounds = 2;
/** How long to wait between rounds, and for how many, for what another broker has done and this one has not. */
const patience = { rounds: 150, pauseMs: 20 } as const;
/** Between the messages of one step where they come slowly: time enough for all that follows from each. */
const slowPauseMs = 20;

/** How a program is to be run. */
export interface PlayOptions {
  /** What another broker did. It is waited for, and where it does not come the program ends. */
  readonly expected?: readonly StepReport[];
  /** How fast the messages of one step follow each other; by default at once. */
  readonly pace?: 'fast' | 'slow';
}

/**
 * Runs programs on one broker, one after the other, and writes down what each step brought about, once everything in
 * flight has come to rest.
 */
export class Player {
  private readonly stage: Stage;
  private readonly lane: string;
  private readonly scene: Scene;
  private readonly seats: (Seat | undefined)[] = [];
  private seatsTaken = 0;
  private suffix = '';
  private published = 0;
  private pace: 'fast' | 'slow' = 'fast';
  /** Whether the queue that is being declared is to be exclusive. */
  private isOwned = false;
  private exchanges = new Set<string>();
  private undoings: MethodInput[] = [];

  private constructor(stage: Stage, lane: string, scene: Scene) {
    this.stage = stage;
    this.lane = lane;
    this.scene = scene;
  }

  /** @param lane distinguishes players on the same broker. */
  static async start(stage: Stage, lane: string): Promise<Player> {
    return new Player(stage, lane, await Scene.open(stage, lane));
  }

  /**
   * Runs a program, and takes away what it leaves.
   *
   * @param suffix replaces `~` in names.
   * @returns a report for each step, one for each channel that is closed in the end, and one for what was left in the queues.
   */
  async play(program: Program, suffix: string, options: PlayOptions = {}): Promise<readonly StepReport[]> {
    const { expected, pace = 'fast' } = options;
    const reports: StepReport[] = [];
    this.suffix = suffix;
    this.pace = pace;
    this.published = 0;
    for (const [at, operation] of program.entries()) {
      const report = await this.step(operation, expected?.[at]);
      reports.push(report);
      const wanted = expected?.[at];
      if (wanted !== undefined && reportText(wanted) !== reportText(report)) break;
    }
    const isWhole = reports.length === program.length;
    const closings = await this.closeChannels(isWhole ? expected?.slice(program.length) : undefined);
    const left = await this.clear();
    return isWhole ? [...reports, ...closings, left] : reports;
  }

  async stop(): Promise<void> {
    for (const seat of this.live) seat.peer.drop();
    await this.scene.close();
  }

  private async step(operation: Operation, expected: StepReport | undefined): Promise<StepReport> {
    const { connection, channel } = operation;
    const seat = await this.seatAt(connection);
    await seat.ready(channel, this.scene.watchQueue);
    await this.act(seat, operation);
    await this.atRest(seat, operation);
    const { report, states } = await this.settled(expected);
    this.scene.forgetGone(states);
    for (const each of this.live) each.stepOver();
    for (const [at, each] of this.seats.entries()) if (each?.peer.isEnded === true) this.seats[at] = undefined;
    return report;
  }

  private async act(seat: Seat, operation: Operation): Promise<void> {
    const { channel } = operation;
    switch (operation.type) {
      case 'method':
        this.note(operation.method);
        seat.peer.send(channel, renamed(operation.method, this.suffix));
        return;
      case 'publish':
        await this.publish(seat, operation);
        return;
      case 'settle':
        settle(seat, operation);
        return;
      case 'close':
        close(seat, channel, operation.what);
        return;
    }
  }

  /** Waits for what has to come before anything else may be asked. */
  private async atRest(seat: Seat, operation: Operation): Promise<void> {
    // RabbitMQ takes nothing on a channel while it commits.
    const { channel } = operation;
    if (operation.type === 'method' && operation.method.type === 'tx.commit') {
      await seat.answer(channel, ['tx.commit-ok']);
    }
    if (operation.type === 'close' && operation.what === 'channel') await seat.answer(channel, ['channel.close-ok']);
    if (operation.type === 'close' && operation.what === 'connection') await seat.answer(0, ['connection.close-ok']);
    const isOver = operation.type === 'close' && operation.what === 'line';
    if (!isOver) await seat.flow();
    if (isOver || seat.isClosing) await seat.peer.ended();
    if (!seat.peer.isEnded) return;
    const channels = this.live.reduce((sum, each) => sum + each.channels.size, 0);
    await this.scene.lineGone(seat, channels);
  }

  private async publish(seat: Seat, operation: Operation & PublishOperation): Promise<void> {
    const { channel, exchange, routingKey, mandatory, count, bodyBytes, properties, headers } = operation;
    const fields = { exchange: named(exchange, this.suffix), routingKey: named(routingKey, this.suffix), mandatory };
    const table = headers === undefined ? {} : { headers: renamedTable(headers, this.suffix) };
    for (let left = count; left > 0; left--) {
      const body = `m${++this.published}`.padEnd(bodyBytes, '.');
      // What comes after a refusal is not looked at, as long as the channel has not been forgotten.
      if (seat.channels.has(channel)) seat.peer.publish(channel, fields, body, { ...properties, ...table });
      if (this.pace === 'fast' || left === 1) continue;
      await sleep(slowPauseMs);
      seat.lookAt();
    }
  }

  private async seatAt(at: number): Promise<Seat> {
    const seat = this.seats[at] ?? (await Seat.take(this.stage, at, `line-${this.lane}-${++this.seatsTaken}`));
    this.seats[at] = seat;
    return seat;
  }

  /** Looks around until what is expected is there, or, where nothing is, until nothing new comes. */
  private async settled(
    expected: StepReport | undefined,
  ): Promise<{ readonly report: StepReport; readonly states: ReadonlyMap<string, string> }> {
    const wanted = expected === undefined ? undefined : reportText(expected);
    let before: string | undefined;
    let alike = 0;
    if (this.stage.letTimePass !== undefined) {
      for (const seat of this.live) await seat.flow();
      await this.stage.letTimePass();
    }
    for (let round = 0; ; round++) {
      for (const seat of this.live) await seat.flow();
      this.meetQueues();
      const states = await this.scene.look();
      const report = { channels: this.channels(), queues: neutralStates(states) };
      const text = reportText(report);
      alike = text === (wanted ?? before) ? alike + 1 : 0;
      before = text;
      if (alike >= quietRounds || round >= patience.rounds) return { report, states };
      if (wanted !== undefined && alike === 0 && round > 2) await sleep(patience.pauseMs);
    }
  }

  private channels(): StepReport['channels'] {
    return this.seats.flatMap((seat, at) => {
      if (seat === undefined) return [];
      const reports = channelReports(seat.news(), at, seat.confirmed);
      const end = { where: `${at}`, deliveries: [], answers: ['ended'] };
      return seat.peer.isEnded ? [...reports, end] : reports;
    });
  }

  /** Makes the acquaintance of queues that have been declared. */
  private meetQueues(): void {
    for (const seat of this.live) {
      for (const { method } of seat.news()) {
        if (method.type === 'queue.declare-ok') this.scene.found(method.queue, this.isOwned ? seat : undefined);
      }
    }
  }

  /** Remembers what is to be undone. */
  private note(method: MethodInput): void {
    this.isOwned = method.type === 'queue.declare' && method.exclusive === true;
    if (method.type === 'exchange.declare') this.exchanges.add(named(method.exchange, this.suffix));
    if (method.type !== 'exchange.bind') return;
    const { source, destination } = method;
    if (!predeclaredNames.includes(source) || !predeclaredNames.includes(destination)) return;
    this.undoings.push(renamed({ ...method, type: 'exchange.unbind' }, this.suffix));
  }

  /** Gives back what channels hold, one after the other: what one gives back may go to the next. */
  private async closeChannels(expected: readonly StepReport[] | undefined): Promise<StepReport[]> {
    const reports: StepReport[] = [];
    for (const [connection, seat] of this.seats.entries()) {
      for (const channel of seat === undefined ? [] : [...seat.channels]) {
        const operation: Operation = { connection, channel, type: 'close', what: 'channel' };
        reports.push(await this.step(operation, expected?.[reports.length]));
      }
    }
    return reports;
  }

  /** Takes away all that the program has left. */
  private async clear(): Promise<StepReport> {
    const queues = await this.scene.drain();
    await this.scene.clear([...this.exchanges], this.undoings);
    this.exchanges = new Set();
    this.undoings = [];
    return { channels: [], queues };
  }

  private get live(): Seat[] {
    return this.seats.filter((seat): seat is Seat => seat !== undefined && !seat.peer.isEnded);
  }
}

function close(seat: Seat, channel: number, what: 'channel' | 'connection' | 'line'): void {
  const fields = { replyCode: 200, replyText: '', classId: 0, methodId: 0 };
  if (what === 'line') seat.peer.drop();
  else if (what === 'connection') seat.peer.send(0, { type: 'connection.close', ...fields });
  else {
    seat.forget(channel);
    seat.confirmed.delete(channel);
    seat.peer.send(channel, { type: 'channel.close', ...fields });
  }
}

function settle(seat: Seat, { channel, how, choice, multiple, requeue }: Operation & SettleOperation): void {
  const tags = seat.unsettled.get(channel) ?? [];
  // Now and then a tag that has been settled already.
  const deliveryTag = tags[choice % (tags.length + 1)] ?? tags.at(-1);
  if (deliveryTag === undefined) return;
  seat.unsettled.set(
    channel,
    tags.filter((tag) => (multiple && how !== 'reject' ? tag > deliveryTag : tag !== deliveryTag)),
  );
  const { peer } = seat;
  if (how === 'ack') peer.send(channel, { type: 'basic.ack', deliveryTag, multiple });
  else if (how === 'nack') peer.send(channel, { type: 'basic.nack', deliveryTag, multiple, requeue });
  else peer.send(channel, { type: 'basic.reject', deliveryTag, requeue });
}
