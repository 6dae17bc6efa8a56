/** Makes the front page of the site of the README: its first sentence, its list of features, how to install it, its first two programs. */

/** @returns Markdown with the front matter that VitePress lays a front page out by. */
export function frontPage(readme: string): string {
  const [, first = ''] = /^# .+\n\n(.+)$/m.exec(readme) ?? [];
  const features = [...readme.matchAll(/^- \*\*(.+?)\*\*(.*(?:\n {2}.*)*)$/gm)].map(([, title = '', rest = '']) => ({
    title: title.replace(/[.,]$/, ''),
    details: sentence(rest),
  }));
  const [install = ''] = /^```sh\nnpm install[\s\S]*?\n```$/m.exec(readme) ?? [];
  const programs = [...readme.matchAll(/^(Send|Receive)[^\n]*\n\n(```ts\n[\s\S]*?\n```)$/gm)];
  if (first === '' || install === '' || features.length === 0 || programs.length < 2) {
    throw new Error(
      'the README has no first sentence, features, install command or programs where they are looked for',
    );
  }
  const matter = {
    layout: 'home',
    hero: {
      name: 'Puka',
      tagline: first,
      actions: [
        { theme: 'brand', text: 'First steps', link: '/first-steps' },
        { theme: 'alt', text: 'Guide', link: '/guide' },
        { theme: 'alt', text: 'Coming from amqplib', link: '/from-amqplib' },
      ],
    },
    features,
  };
  // JSON is YAML.
  const parts = [['Install', install], ...programs.map(([, title, code]) => [title, code])];
  return ['---', JSON.stringify(matter), '---', ...parts.map(([title, code]) => `\n## ${title}\n\n${code}`), ''].join(
    '\n',
  );
}

/** Without line breaks; what follows the bold words may begin in the middle of a sentence. */
function sentence(text: string): string {
  const plain = text
    .replace(/\s+/g, ' ')
    .replace(/^[\s,;:]+/, '')
    .trim();
  return plain.charAt(0).toUpperCase() + plain.slice(1);
}
