import { expect, test } from 'vitest';
import { lintWorkflows } from '../../src/release/workflows.ts';

test('finds a wrong runner, a wrong expression and a wrong key, and reports where', async () => {
  const text = `on: push
jobs:
  a:
    runs-on: ubuntu-lates
    steps:
      - run: echo \${{ github.evnt }}
        foo: 1
`;
  const complaints = await lintWorkflows([{ path: 'a.yml', text }]);
  expect(complaints.map((complaint) => complaint.split(' ')[0])).toEqual(['a.yml:4:14', 'a.yml:6:23', 'a.yml:7:9']);
});

test('finds nothing in a workflow that is right', async () => {
  const text = 'on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n      - run: npm test\n';
  expect(await lintWorkflows([{ path: 'a.yml', text }])).toEqual([]);
});
