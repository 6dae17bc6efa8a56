import { describe, expect, it, vi } from 'vitest';
import { diagnosticsChannels } from '../src/diagnostics-channel.ts';

describe('the channels', () => {
  it('are refused on a runtime without them', () => {
    vi.stubGlobal('process', { getBuiltinModule: () => undefined });
    expect(() => diagnosticsChannels()).toThrow('node:diagnostics_channel');
    vi.unstubAllGlobals();
  });
});
