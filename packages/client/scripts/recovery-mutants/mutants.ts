/**
 * Faults that recovery could have, each as a change of one rule in the sources. Data only.
 * A text must occur exactly once in the sources: the file is found by it.
 */

/** A fault that is put into the sources. */
export interface Mutant {
  /** What the client does wrong with it. */
  readonly fault: string;
  /** Texts of the sources, and what takes their place. */
  readonly edits: readonly (readonly [text: string, replacement: string])[];
}

/** All of them. */
export const mutants: readonly Mutant[] = [
  {
    fault: 'acknowledges a message of the lost connection over the new one',
    edits: [
      [
        'return this.settled(deliveryTag, this.on.channel.ack(deliveryTag));',
        'return this.settled(deliveryTag, ([...(this.on.host as any).subscribing.channels][0] ?? this.on).channel.ack(deliveryTag));',
      ],
    ],
  },
  {
    fault: 'takes a publish that was under way for confirmed',
    edits: [
      [
        'if (willRecover) this.holdFirst(open);',
        'if (willRecover) for (const each of open) each.hasLeft ? (this.release(each), each.fulfil(undefined)) : this.holdFirst([each]);',
      ],
    ],
  },
  {
    fault: 'fails a publish that was under way',
    edits: [
      [
        'if (willRecover) this.holdFirst(open);',
        'if (willRecover) this.holdFirst(open.filter((each) => !each.hasLeft));',
      ],
    ],
  },
  {
    fault: 'sends what was under way twice',
    edits: [['this.held.unshift(open);', 'this.held.unshift([...open, ...open]);']],
  },
  {
    fault: 'sends a publish again although it is confirmed',
    edits: [
      [
        'const open = all.filter((operation) => !this.endReturned(operation));',
        'const open = [...all, ...((this as any).confirmedOnes ?? [])].filter((operation) => !this.endReturned(operation));',
      ],
      [
        'const open = operations.filter(isPending);',
        "const open = operations.filter(({ state }) => state !== 'rejected');",
      ],
      ['if (isPending(operation)) this.hold(operation);\n      else this.release(operation);', 'this.hold(operation);'],
      ['if (!isPending(next)) {', "if (next.state === 'rejected') {"],
      [
        'if (!ack) {\n      this.counts.nacked++;',
        '((this as any).confirmedOnes ??= []).push(Object.assign(operation, { input }));\n    if (!ack) {\n      this.counts.nacked++;',
      ],
    ],
  },
  {
    fault: 'sends what was under way after what was held',
    edits: [['this.held.unshift(open);', 'for (const operation of open) this.held.push(operation);']],
  },
  {
    fault: 'sends a message that was returned again',
    edits: [['if (operation.returned === undefined) return false;', 'return false;']],
  },
  {
    fault: 'counts no bytes of held publishes',
    edits: [
      [
        'this.marks.clear();\n    this.returns.clear();\n    const sent = this.sent.takeAll();',
        'this.marks.clear();\n    this.openBytes = 0;\n    this.returns.clear();\n    const sent = this.sent.takeAll();',
      ],
    ],
  },
  {
    fault: 'makes no binding again',
    edits: [['this.makeAll(epoch, this.bindingsOfRestored(), open);', 'this.makeAll(epoch, [], open);']],
  },
  {
    fault: 'makes bindings before queues and exchanges',
    edits: [
      [
        'this.makeAll(epoch, topology.exchangesToMake(), () => {',
        'this.makeAll(epoch, this.bindingsOfRestored(), () => {',
      ],
      [
        'this.makeAll(epoch, this.bindingsOfRestored(), open);',
        'this.makeAll(epoch, topology.exchangesToMake(), open);',
      ],
    ],
  },
  {
    fault: 'opens the gate before bindings are there',
    edits: [
      [
        'this.makeAll(epoch, this.bindingsOfRestored(), open);',
        'open();\n          this.makeAll(epoch, this.bindingsOfRestored(), () => {});',
      ],
    ],
  },
  {
    fault: 'makes a queue again that is being deleted',
    edits: [
      ['if (this.leaving.size + this.leavingQueues.size === 0) return false;\n    switch', 'return false;\n    switch'],
    ],
  },
  {
    fault: 'remembers what was unbound',
    edits: [['this.removeBinding(bindingKey(change.entity));\n        break;', 'break;']],
  },
  {
    fault: 'remembers an auto-delete queue whose last consumer has ended',
    edits: [
      ['if (entry.consumers === 0 && entry.hasHadConsumer && entry.entity', 'if (entry.consumers < 0 && entry.entity'],
    ],
  },
  {
    fault: 'remembers an auto-delete exchange whose last binding is gone',
    edits: [['if (isFinal) this.forgetUnusedExchange(binding);', '']],
  },
  {
    fault: 'remembers an expired queue',
    edits: [['if (consumers === 0 && expires !== undefined', 'if (consumers < 0 && expires !== undefined']],
  },
  {
    fault: 'records a passive declare of a queue',
    edits: [
      [
        "method.passive === true || reply.type !== 'queue.declare-ok') return undefined;",
        "reply.type !== 'queue.declare-ok') return undefined;",
      ],
    ],
  },
  {
    fault: 'leaves a binding with the old name of a server-named queue',
    edits: [['this.bind({ ...binding, destination: to });', 'this.bind(binding);']],
  },
  {
    fault: 'gives up a queue that is locked by the lost connection',
    edits: [
      [
        "entity.kind === 'queue' && (refusal === 'locked' || refusal === 'away')) {",
        "entity.kind === 'queue' && refusal === 'away') {",
      ],
    ],
  },
  {
    fault: 'gives up a queue that is away',
    edits: [
      [
        "entity.kind === 'queue' && (refusal === 'locked' || refusal === 'away')) {",
        "entity.kind === 'queue' && refusal === 'locked') {",
      ],
    ],
  },
  {
    fault: 'does not look whether a queue was deleted late',
    edits: [['for (const atMs of looksMs) this.planLook(epoch, atMs);', '']],
  },
  {
    fault: 'subscribes a consumer twice',
    edits: [
      [
        'else this.again.restore(consumer, state, finish);',
        'else {\n        this.again.restore(consumer, state, () => {});\n        this.again.restore(consumer, state, finish);\n      }',
      ],
    ],
  },
  {
    fault: 'subscribes again without the prefetch count',
    edits: [
      [
        "channel.request({ type: 'basic.qos', prefetchCount: consumer.prefetchCount }, () => {});",
        "channel.request({ type: 'basic.qos', prefetchCount: consumer.ready.state === 'pending' ? consumer.prefetchCount : 0 }, () => {});",
      ],
    ],
  },
  {
    fault: 'subscribes a consumer again that was cancelled',
    edits: [['this.states.delete(consumer);\n    state.isOver = true;', '']],
  },
  {
    fault: 'hands out what waited in memory at the loss',
    edits: [
      [
        'const dropped = consumer.takeWaiting(({ settledBy }) => settledBy instanceof Subscription && settledBy.isLost);',
        'const dropped = consumer.takeWaiting(() => false);',
      ],
    ],
  },
  {
    fault: 'reads a stream on after what was not acknowledged',
    edits: [
      ['return first ?? (this.lastOffset', 'return (first === undefined ? first : undefined) ?? (this.lastOffset'],
    ],
  },
  {
    fault: 'has no quarantine',
    edits: [
      ['if (queue !== undefined) this.failures.set(queue', 'if (queue === undefined) this.failures.set(String(queue)'],
    ],
  },
  {
    fault: 'sends a held request twice',
    edits: [
      [
        'for (const request of this.takeHeld()) this.acquire(request);',
        'for (const request of this.takeHeld()) {\n      this.acquire(request);\n      this.acquire(request);\n    }',
      ],
    ],
  },
  {
    fault: 'repeats a purge',
    edits: [
      [
        "return error.code === 'CONNECTION_BROKEN' && method.type !== 'queue.purge';",
        "return error.code === 'CONNECTION_BROKEN';",
      ],
    ],
  },
  {
    fault: 'sends held requests in the wrong order',
    edits: [
      [
        'this.takeHeld().sort((one, other) => one.operation.number - other.operation.number)',
        'this.takeHeld().sort((one, other) => other.operation.number - one.operation.number)',
      ],
    ],
  },
  {
    fault: 'reports that a repeated request was refused, though the first try may have acted',
    edits: [['error instanceof AmqpError ? asRefused(error, request.isRepeated) : error', 'error']],
  },
  {
    fault: 'holds any number of operations',
    edits: [
      [
        "method === 'basic.publish' || heldOperations < options.maxHeldOperations",
        "method === 'basic.publish' || heldOperations >= 0",
      ],
    ],
  },
  {
    fault: 'waits longer than maxDelay',
    edits: [
      [
        'const high = Math.min(maxDelay, minDelay * 2 ** Math.min(attempt - 1, 40));',
        'const high = Math.max(maxDelay, minDelay * 2 ** Math.min(attempt - 1, 40));',
      ],
    ],
  },
  {
    fault: 'never counts attempts from 1 again',
    edits: [['return isStable ? 1 : this.attempt + 1;', 'return this.attempt + (isStable ? 1 : 1);']],
  },
  {
    fault: 'counts attempts from 1 after every connection, however short',
    edits: [
      [
        'return isStable ? 1 : this.attempt + 1;',
        'return openSinceMs !== undefined || isStable ? 1 : this.attempt + 1;',
      ],
    ],
  },
  {
    fault: 'leaves the timer of the next attempt after close()',
    edits: [
      [
        'this.undoPlan?.();\n    this.undoPlan = undefined;\n    this.replay?.abandon();',
        'this.undoPlan = undefined;\n    this.replay?.abandon();',
      ],
    ],
  },
  {
    fault: 'stays blocked when the connection that was blocked is lost',
    edits: [['if (this.isBlocked) this.unblocked();', '']],
  },
  {
    fault: 'tries again with a password that was refused',
    edits: [
      [
        'return !asksForCredentials || this.refusedLogins >= maxRefusedLogins;',
        'return asksForCredentials && this.refusedLogins >= maxRefusedLogins;',
      ],
    ],
  },
  {
    fault: 'lets a process end between two attempts',
    edits: [
      [
        'const undo = host.deadlines.add(this.nextAttemptMs, () => this.reach());',
        'const undo = host.deadlines.add(this.nextAttemptMs, () => this.reach(), { keepsProcess: false });',
      ],
    ],
  },
  {
    fault: 'begins with the host that was lost',
    edits: [
      [
        'this.lastHost = undefined;\n    this.startRound(lostHost);',
        'this.lastHost = undefined;\n    this.startRound(lostHost === undefined ? lostHost : undefined);',
      ],
    ],
  },
  {
    fault: 'holds a publish that was given up until there is a connection',
    edits: [['    this.release(operation);\n    this.sweep();\n    this.host.publishesSettled();', '']],
  },
  {
    fault: 'keeps few old names of all queues together',
    edits: [
      [
        'for (const old of entry.oldNames) this.names.set(old, to);',
        'for (const old of entry.oldNames) this.names.set(old, to);\n    for (const old of this.names.keys()) if (this.names.size > 16) this.names.delete(old);',
      ],
    ],
  },
  {
    fault: 'takes a consume that the broker cancels ahead of its answer for lost',
    edits: [
      [
        "if (error instanceof ConsumerCancelled) return 'dropped';",
        "if (error instanceof ConsumerCancelled) return 'lost';",
      ],
    ],
  },
  {
    fault: 'takes a consume whose channel is closed for lost',
    edits: [["if (error instanceof ConnectionBroken && error.scope === 'channel') return 'dropped';", '']],
  },
  {
    fault: 'ends recovery at a 540 of the broker',
    edits: [
      ["return error.scope === 'connection' && error.blame === 'broker';", "return error.scope === 'connection';"],
    ],
  },
  {
    fault: 'counts an outage as disuse of a queue',
    edits: [
      ['      this.replay?.connectionLost();\n', ''],
      [
        '    this.dropForgotten();\n    const epoch',
        '    this.topology.tidy();\n    this.dropForgotten();\n    const epoch',
      ],
    ],
  },
  {
    fault: 'holds a get that was given up',
    edits: [
      [
        'const isForgotten = this.held.delete(get) || this.opening.get(get.queue)?.delete(get) === true;',
        'const isForgotten = this.opening.get(get.queue)?.delete(get) === true;',
      ],
    ],
  },
  {
    fault: 'holds a request that was given up',
    edits: [
      [
        '    this.held.delete(operation);\n    this.ended(request);\n  }\n\n  private takeHeld',
        '  }\n\n  private takeHeld',
      ],
    ],
  },
  {
    fault: 'records a change by the old name of a queue',
    edits: [['if (request.change !== undefined) request.change = topology.translateChange(request.change);', '']],
  },
  {
    fault: 'consumes by the old name of a queue',
    edits: [['queue: host.users.names?.nameOf(queue.queue) ?? queue.queue,', 'queue: queue.queue,']],
  },
  {
    fault: 'waits for a renamed queue by its old name',
    edits: [['for (const tried of this.take(from)) this.wait(to, tried);', '']],
  },
  {
    fault: 'takes a queue that is not sent for the end of the connection',
    edits: [
      [
        "{ method: method.type, scope: 'operation', outcome: 'not-sent' } as const;",
        "{ method: method.type, outcome: 'not-sent' } as const;",
      ],
    ],
  },
  {
    fault: 'ends a consumer at once that has lost its channel',
    edits: [
      [
        '} else if (this.#host.recovery.topology === undefined) {\n        this.subscribing',
        '} else if (this.#host.recovery.topology !== null) {\n        this.subscribing',
      ],
    ],
  },
  {
    fault: 'rejects a repeated declare that is locked',
    edits: [['return nowMs - request.lockedSinceMs < this.#host.recovery.exclusiveForMs;', 'return false;']],
  },
  {
    fault: 'subscribes twice where a basicQos was under way',
    edits: [['if (!isRetired && this.placeOf(consumer, source.queue) === place) return true;', '']],
  },
  {
    fault: 'changes the limit for a basicQos that was given up',
    edits: [
      [
        "    if (operation.state !== 'pending') {\n      // The caller gave it up",
        "    if (operation.state === 'fulfilled') {\n      // The caller gave it up",
      ],
    ],
  },
  {
    fault: 'makes no queue again that vanishes in the first connection',
    edits: [
      [
        'const epoch = this.epoch ?? this.beginOpen();',
        'const { epoch } = this;\n    if (epoch === undefined) return false;',
      ],
    ],
  },
  {
    fault: 'subscribes to all queues where one is made again',
    edits: [
      [
        'this.tryAgain(consumer, state, [place], done)',
        'this.tryAgain(consumer, state, [...consumer.sources.keys()], done)',
      ],
    ],
  },
];
