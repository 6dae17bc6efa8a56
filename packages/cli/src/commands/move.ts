/**
 * `puka move`: from queue to queue. Each message is confirmed in its new queue before it is acked in the old one, so that a
 * crash leaves two of some and none of no message. Run again, it goes on with what is left.
 */
import { type Client, ConnectionBroken, type Message, UsageError } from '@puka/client';
import type { Command } from 'commander';
import { type CommonOptions, withClient } from '../connect.ts';
import { type ExitCode, exitCodes } from '../exit-codes.ts';
import { copyOf } from '../messages/copy.ts';
import { type MessageFilter, readFilters } from '../messages/filter.ts';
import { collect, wholeNumber } from '../messages/message-options.ts';
import { confirm } from '../terminal/confirm.ts';
import type { Io } from '../terminal/io.ts';
import { Progress } from '../terminal/progress.ts';
import { answer, counted, summary } from '../terminal/results.ts';
import { newCommand, type Registration, runs } from './command.ts';

interface MoveOptions extends CommonOptions {
  readonly filter: readonly string[];
  readonly count?: string;
  readonly dryRun?: boolean;
  readonly dropUserId?: boolean;
  readonly window: string;
  readonly yes?: boolean;
}

export function addMove(program: Command, registration: Registration): void {
  const command = newCommand({
    usage: 'move <from> <to>',
    summary: 'Move messages from queue to queue; each is confirmed there before it is acked here; asks first',
    examples: [
      ['puka move jobs.dead jobs', 'all that are there now'],
      ["puka move jobs.dead jobs --filter 'type=mail' --filter 'header.tries!=5'", 'some of them'],
      ['puka move jobs.dead jobs --dry-run', 'only count'],
    ],
  })
    .option('--filter <expression>', 'FIELD=TEXT, FIELD!=TEXT, FIELD~REGEXP; may be repeated', collect, [])
    .option('-n, --count <number>', 'most messages that are moved')
    .option('--dry-run', 'count, and move nothing')
    .option('--drop-user-id', "without the messages' user id, which RabbitMQ accepts from that user only")
    .option('--window <number>', 'messages under way at a time', '64')
    .option('-y, --yes', 'do not ask');
  runs<[string, string], MoveOptions>(command, registration, move);
  program.addCommand(command);
}

async function move(io: Io, options: MoveOptions, from: string, to: string): Promise<ExitCode> {
  if (from === to) throw new UsageError(`'${from}' is both queues: every message would come again and again`);
  const filter = readFilters(options.filter);
  const window = wholeNumber(options.window, '--window', 1, 1000);
  const limit =
    options.count === undefined ? Number.POSITIVE_INFINITY : wholeNumber(options.count, '--count', 1, 1_000_000_000);
  return await withClient(io, options, {
    command: 'move',
    recover: true,
    use: async (client) => {
      const { messageCount: total } = await client.queueDeclare({ queue: from, passive: true });
      await client.queueDeclare({ queue: to, passive: true });
      const isDry = options.dryRun === true;
      const most = counted(Math.min(total, limit), 'message');
      const what = options.filter.length > 0 ? `up to ${most}` : most;
      if (!isDry && !(await confirm(io, `Move ${what} from '${from}' to '${to}'?`, options))) return exitCodes.declined;
      const progress = new Progress(io, options, { title: isDry ? 'looked at' : 'moved', total });
      const { dropUserId } = options;
      const onProgress = (done: number): void => progress.show(done);
      const moving = new Moving(client, io, { from, to, filter, total, limit, isDry, dropUserId, onProgress });
      try {
        await moving.run(window);
      } finally {
        progress.stop();
      }
      const { moved, kept, doubles } = moving;
      const data = { ...(isDry ? { wouldMove: moved } : { moved }), kept, total, doubles };
      if (isDry) await answer(io, options, `${counted(moved, 'message')} would be moved, ${kept} would stay`, data);
      else await summary(io, options, textOf(moved, kept, doubles), data);
      return io.interrupted.aborted ? exitCodes.interrupted : exitCodes.done;
    },
  });
}

function textOf(moved: number, kept: number, doubles: number): string {
  const stay = kept > 0 ? `, ${kept} stay` : '';
  const twice = doubles > 0 ? `; ${counted(doubles, 'message')} may be there twice` : '';
  return `moved ${counted(moved, 'message')}${stay}${twice}`;
}

interface MovePlan {
  readonly from: string;
  readonly to: string;
  readonly filter: MessageFilter;
  readonly total: number;
  readonly limit: number;
  readonly isDry: boolean;
  readonly dropUserId: boolean | undefined;
  readonly onProgress: (done: number) => void;
}

class Moving {
  readonly #client: Client;
  readonly #io: Io;
  readonly #plan: MovePlan;
  /** Taken from the queue, be they moved or kept. */
  #taken = 0;
  /** How many of these stay. They are settled only at the end; otherwise they would be delivered again and again. */
  #held = 0;
  /** How many connections were lost. */
  #losses = 0;
  /** How many acked messages may be delivered again at most: the ack of each message under way may have been lost. */
  #mayComeAgain = 0;
  /** Under way to the other queue, or there. */
  #chosen = 0;
  #isEmpty = false;
  #failure: { readonly error: unknown } | undefined;
  moved = 0;
  kept = 0;
  /** Messages that may be in the other queue twice: delivered before, or their ack did not get through. */
  doubles = 0;

  constructor(client: Client, io: Io, plan: MovePlan) {
    this.#client = client;
    this.#io = io;
    this.#plan = plan;
  }

  async run(window: number): Promise<void> {
    this.#client.on('disconnected', () => {
      this.#mayComeAgain = window;
      this.#loseHeld();
    });
    // Messages that stay are not settled: they return to their places when the connection is closed.
    await Promise.all(Array.from({ length: window }, () => this.#moveAll()));
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  /** The broker has requeued the held messages and will deliver them again. */
  #loseHeld(): void {
    this.#losses++;
    this.#taken -= this.#held;
    this.#held = 0;
    this.kept = 0;
    if (!this.#plan.isDry) return;
    this.#chosen -= this.moved;
    this.moved = 0;
  }

  async #moveAll(): Promise<void> {
    while (this.#goesOn) {
      const losses = this.#losses;
      this.#taken++;
      this.#chosen++;
      try {
        const message = await this.#client.basicGet({ queue: this.#plan.from });
        if (message === null) {
          this.#taken--;
          this.#chosen--;
          this.#isEmpty = true;
        } else await this.#decide(message, losses);
      } catch (error) {
        this.#taken--;
        this.#chosen--;
        // A get that was under way when the connection was lost: the message is in its queue, and the client connects again.
        const { state } = this.#client;
        const isLost = error instanceof ConnectionBroken && (state === 'recovering' || state === 'connected');
        if (!isLost) this.#failure ??= { error };
      }
    }
  }

  get #goesOn(): boolean {
    const { total, limit } = this.#plan;
    if (this.#io.interrupted.aborted || this.#failure !== undefined || this.#isEmpty) return false;
    return this.#taken < total && this.#chosen < limit;
  }

  /** @param losses how many connections had been lost when the message was requested. */
  async #decide(message: Message, losses: number): Promise<void> {
    const { to, filter, isDry, dropUserId, onProgress } = this.#plan;
    try {
      const isMeant = filter(message);
      if (!isMeant || isDry) {
        const isLost = losses !== this.#losses;
        if (!isMeant || isLost) this.#chosen--;
        if (isLost) this.#taken--;
        else {
          this.#held++;
          if (isMeant) this.moved++;
          else this.kept++;
        }
      } else {
        await this.#client.basicPublish({ ...copyOf(message, { dropUserId }), routingKey: to, mandatory: true });
        const isAcked = message.ack();
        const isBack = message.redelivered && this.#mayComeAgain > 0;
        if (isBack) this.#mayComeAgain--;
        // Not acked: the connection is lost, so the message will be delivered and moved again. Back: it was already counted.
        if (!isAcked || isBack) this.#taken--;
        if (!isAcked || message.redelivered) this.doubles++;
        this.moved++;
      }
    } catch (error) {
      if (!message.isSettled) message.nack();
      throw error;
    }
    onProgress(this.moved + this.kept);
  }
}
