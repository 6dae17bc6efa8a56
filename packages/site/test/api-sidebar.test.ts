import { expect, it } from 'vitest';
import { apiSidebar } from '../src/api-sidebar.ts';

it('the navigation of the reference lists the pages of each module, and not those of a module below it', () => {
  const files = ['@puka/a/index.md', '@puka/a/classes/One.md', '@puka/a/sub/interfaces/Two.md', '@puka/a/sub/index.md'];
  expect(apiSidebar(['@puka/a/sub', '@puka/a'], files)).toEqual([
    {
      ...{ text: '@puka/a', link: '/api/@puka/a/', collapsed: true },
      items: [{ text: 'Classes', collapsed: true, items: [{ text: 'One', link: '/api/@puka/a/classes/One' }] }],
    },
    {
      ...{ text: '@puka/a/sub', link: '/api/@puka/a/sub/', collapsed: true },
      items: [
        { text: 'Interfaces', collapsed: true, items: [{ text: 'Two', link: '/api/@puka/a/sub/interfaces/Two' }] },
      ],
    },
  ]);
});
