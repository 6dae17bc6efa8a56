/** The contract suite in memory, whole and cut small. */
import { defineTransportContract, memoryHarness } from '@puka/testkit/transport-contract';
import { describe, expect, it } from 'vitest';

const api = { describe, it, expect };

defineTransportContract(api, memoryHarness('memory'));
defineTransportContract(api, memoryHarness('memory, split', { splitBytes: 4093 }));
