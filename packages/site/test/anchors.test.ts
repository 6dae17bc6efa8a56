import { expect, it } from 'vitest';
import { anchorOf } from '../src/anchors.ts';

it('the anchor of a heading is the one that the forge gives it', () => {
  expect(anchorOf('What your handler must bear')).toBe('what-your-handler-must-bear');
  expect(anchorOf("From Python's Puka: `wait`, `loop`")).toBe('from-pythons-puka-wait-loop');
});
