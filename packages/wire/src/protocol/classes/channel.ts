/** The class `channel` of the protocol table. Data only. */
import type { ClassDefinition } from '../definition.ts';

/** Methods about a channel: opening it, stopping its flow, closing it. */
export const channel: ClassDefinition = {
  name: 'channel',
  id: 20,
  section: '1.5',
  doc: 'a channel: opening it, stopping its flow, closing it',
  methods: [
    {
      name: 'open',
      id: 10,
      direction: 'client',
      replies: ['open-ok'],
      hasContent: false,
      doc: 'Opens the channel that the frame’s header names.',
      fields: [{ reserved: 'shortString' }],
    },
    {
      name: 'open-ok',
      id: 11,
      direction: 'server',
      replies: [],
      hasContent: false,
      doc: 'The channel is open.',
      // A long string here, though a short one in the request: both were other things once.
      fields: [{ reserved: 'longString' }],
    },
    {
      name: 'flow',
      id: 20,
      direction: 'both',
      replies: ['flow-ok'],
      hasContent: false,
      doc: 'Stops or restarts the flow of content. RabbitMQ never sends it today and refuses to be stopped (540).',
      fields: [{ name: 'active', domain: 'option', doc: 'True: go on. False: stop.' }],
    },
    {
      name: 'flow-ok',
      id: 21,
      direction: 'both',
      replies: [],
      hasContent: false,
      doc: 'Confirms a change of flow.',
      fields: [{ name: 'active', domain: 'option', doc: 'What holds now.' }],
    },
    {
      name: 'close',
      id: 40,
      direction: 'both',
      replies: ['close-ok'],
      hasContent: false,
      doc: 'Closes the channel with a reason. Its number is free again after `close-ok`, not before.',
      fields: [
        { name: 'reply-code', domain: 'reply-code', doc: 'Why: 200 is a normal close.' },
        { name: 'reply-text', domain: 'reply-text', default: '', doc: 'Why.' },
        { name: 'class-id', domain: 'class-id', default: 0, doc: 'The class of the method at fault; 0 if none was.' },
        {
          name: 'method-id',
          domain: 'method-id',
          default: 0,
          doc: 'The number of the method at fault; 0 if none was.',
        },
      ],
    },
    {
      name: 'close-ok',
      id: 41,
      direction: 'both',
      replies: [],
      hasContent: false,
      doc: 'Confirms the close of the channel.',
      fields: [],
    },
  ],
};
