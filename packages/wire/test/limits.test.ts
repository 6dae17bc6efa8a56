import { expect, it } from 'vitest';
import * as limits from '../src/limits.ts';

it('has the values the documentation gives', () => {
  expect({ ...limits }).toEqual({
    frameMinBytes: 8192,
    frameOverheadBytes: 8,
    defaultMaxControlFrameBytes: 16 * 1024 * 1024,
    defaultMaxTableDepth: 64,
    highestMaxTableDepth: 512,
    defaultMaxTableFields: 65_536,
    maxShortStringBytes: 255,
    defaultChunkBytes: 65_536,
    defaultCopyUpToBytes: 16_384,
  });
});
