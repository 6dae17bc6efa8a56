/** The class `confirm` of the protocol table, RabbitMQ's own. Data only. */
import type { ClassDefinition } from '../definition.ts';

/** Methods about publisher confirms. */
export const confirm: ClassDefinition = {
  name: 'confirm',
  id: 85,
  section: 'RabbitMQ: publisher_confirms',
  doc: 'publisher confirms',
  methods: [
    {
      name: 'select',
      id: 10,
      direction: 'client',
      replies: ['select-ok'],
      hasContent: false,
      extension: 'publisher_confirms',
      doc: 'Asks for an ack or nack of every later publish on the channel; they are counted from 1.',
      // RabbitMQ's own files spell this one `nowait`; the name of its sisters is kept here.
      fields: [{ name: 'no-wait', domain: 'option', default: false, doc: 'Send no answer.' }],
    },
    {
      name: 'select-ok',
      id: 11,
      direction: 'server',
      replies: [],
      hasContent: false,
      extension: 'publisher_confirms',
      doc: 'Publishes are confirmed from now on.',
      fields: [],
    },
  ],
};
