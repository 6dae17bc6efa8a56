import { expect, test } from 'vitest';
import { releaseFields, withReleaseFields } from '../../src/release/release-fields.ts';

test('puts the fields of the forge after the keywords, in place of others', () => {
  const manifest = { name: '@puka/x', homepage: 'https://elsewhere.example', keywords: ['amqp'], license: 'MIT' };
  const made = withReleaseFields(manifest, 'x');
  expect(Object.keys(made)).toEqual(['name', 'keywords', 'homepage', 'bugs', 'repository', 'license']);
  expect(made).toMatchObject(releaseFields('x'));
});

test('names the folder of the package in the repository', () => {
  expect(releaseFields('wire').repository.directory).toBe('packages/wire');
  expect(releaseFields('wire').homepage).toMatch(/\/packages\/wire#readme$/);
});
