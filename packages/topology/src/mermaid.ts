/** Draws a topology as a Mermaid flow chart. Must not ask a broker. https://mermaid.js.org/syntax/flowchart.html */
import type { Binding, Exchange, Queue, TopologyData } from './definition.ts';

/** Exchanges are hexagons, queues cylinders; dead letters and alternate exchanges are dotted. */
export function drawMermaid(data: TopologyData): string {
  const nodes = new Map<string, string>();
  const lines: string[] = ['flowchart LR'];
  const node = (kind: 'exchange' | 'queue', name: string, note: string): string => {
    const key = `${kind} ${name}`;
    const known = nodes.get(key);
    if (known !== undefined) return known;
    const id = `${kind === 'exchange' ? 'e' : 'q'}${nodes.size}`;
    nodes.set(key, id);
    const label = `"${text(name)}${note === '' ? '' : `<br>${text(note)}`}"`;
    lines.push(kind === 'exchange' ? `  ${id}{{${label}}}` : `  ${id}[(${label})]`);
    return id;
  };
  for (const exchange of data.exchanges) node('exchange', exchange.name, exchangeNote(exchange));
  for (const queue of data.queues) node('queue', queue.name, queueNote(queue));
  for (const binding of data.bindings) {
    const { source, destination, destinationKind } = binding;
    // What is not in the topology is one of RabbitMQ's own exchanges.
    const from = node('exchange', source, '');
    const to = node(destinationKind, destination, '');
    lines.push(`  ${from} -->${edgeLabel(binding)} ${to}`);
  }
  for (const { name, arguments: table } of data.exchanges) {
    const alternate = table.get('alternate-exchange');
    if (typeof alternate !== 'string') continue;
    lines.push(`  ${node('exchange', name, '')} -.->|"no route"| ${node('exchange', alternate, '')}`);
  }
  for (const queue of data.queues) {
    const target = deadLetterTarget(queue);
    if (target !== undefined) {
      lines.push(`  ${node('queue', queue.name, '')} -.->|"dead letters"| ${node(target.kind, target.name, '')}`);
    }
  }
  return `${lines.join('\n')}\n`;
}

/** By the default exchange a dead letter goes to the queue that its key names. */
function deadLetterTarget({
  arguments: table,
}: Queue): { readonly kind: 'exchange' | 'queue'; readonly name: string } | undefined {
  const exchange = table.get('x-dead-letter-exchange');
  const key = table.get('x-dead-letter-routing-key');
  if (typeof exchange !== 'string') return undefined;
  if (exchange !== '') return { kind: 'exchange', name: exchange };
  return typeof key === 'string' ? { kind: 'queue', name: key } : undefined;
}

function exchangeNote({ type, external, durable }: Exchange): string {
  return external ? 'external' : `${type}${durable ? '' : ', transient'}`;
}

function queueNote({ arguments: table, external, durable, exclusive }: Queue): string {
  if (external) return 'external';
  const type = table.get('x-queue-type');
  return [
    typeof type === 'string' ? type : 'classic',
    ...(durable ? [] : ['transient']),
    ...(exclusive ? ['exclusive'] : []),
  ].join(', ');
}

function edgeLabel({ routingKey, arguments: table }: Binding): string {
  const match = [...table].map(([name, value]) => `${name}=${String(value)}`).join(', ');
  const label = [routingKey, match].filter((part) => part !== '').join(' ');
  return label === '' ? '' : `|"${text(label)}"|`;
}

/** Mermaid: `#` and a number encode a character; a quote would end the label, and `<` begin a tag. */
function text(words: string): string {
  return words.replace(/[#"<>&\n\r`*_]/g, (character) => `#${character.codePointAt(0) ?? 0};`);
}
