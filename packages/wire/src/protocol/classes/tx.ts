/** The class `tx` of the protocol table. Data only. */
import type { ClassDefinition } from '../definition.ts';

/** Methods about transactions; none of them has a `no-wait`. */
export const tx: ClassDefinition = {
  name: 'tx',
  id: 90,
  section: '1.9',
  doc: 'transactions',
  methods: [
    {
      name: 'select',
      id: 10,
      direction: 'client',
      replies: ['select-ok'],
      hasContent: false,
      doc: 'Makes the channel transactional.',
      fields: [],
    },
    {
      name: 'select-ok',
      id: 11,
      direction: 'server',
      replies: [],
      hasContent: false,
      doc: 'The channel is transactional.',
      fields: [],
    },
    {
      name: 'commit',
      id: 20,
      direction: 'client',
      replies: ['commit-ok'],
      hasContent: false,
      doc: 'Makes publishes and acks since the last commit take effect.',
      fields: [],
    },
    {
      name: 'commit-ok',
      id: 21,
      direction: 'server',
      replies: [],
      hasContent: false,
      doc: 'They have taken effect.',
      fields: [],
    },
    {
      name: 'rollback',
      id: 30,
      direction: 'client',
      replies: ['rollback-ok'],
      hasContent: false,
      doc: 'Forgets publishes and acks since the last commit.',
      fields: [],
    },
    {
      name: 'rollback-ok',
      id: 31,
      direction: 'server',
      replies: [],
      hasContent: false,
      doc: 'They are forgotten.',
      fields: [],
    },
  ],
};
