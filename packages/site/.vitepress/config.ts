// How VitePress lays the site out. The pages are gathered by build.ts.
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitepress';
import { anchorOf } from '../src/anchors.ts';

const sidebarFile = fileURLToPath(new URL('../dist/sidebar.json', import.meta.url));
const sidebar = existsSync(sidebarFile) ? JSON.parse(readFileSync(sidebarFile, 'utf8')) : { guides: [], api: [] };
const { repository } = JSON.parse(readFileSync(new URL('../../client/package.json', import.meta.url), 'utf8'));
const forge = repository.url.replace(/^git\+|\.git$/g, '');

export default defineConfig({
  title: 'Puka',
  description: 'A RabbitMQ client for TypeScript: Node, Deno and Bun',
  lang: 'en',
  // Where the site is, below its host: `/puka/`.
  base: process.env.SITE_BASE || '/',
  srcDir: 'dist/pages',
  outDir: 'dist/site',
  cacheDir: 'dist/cache',
  // Mermaid is a large chunk, which only pages with a diagram load.
  vite: { build: { chunkSizeWarningLimit: 4000 } },
  markdown: {
    anchor: { slugify: anchorOf },
    config: (md) => {
      const fence = md.renderer.rules.fence;
      md.renderer.rules.fence = (tokens, index, options, env, self) => {
        const { info, content } = tokens[index];
        if (info.trim() === 'mermaid') return `<MermaidDiagram code="${encodeURIComponent(content)}" />\n`;
        return fence(tokens, index, options, env, self);
      };
    },
  },
  themeConfig: {
    search: { provider: 'local' },
    outline: { level: [2, 3] },
    nav: [
      { text: 'Guide', link: '/guide', activeMatch: '^/(?!$|index|api/|packages/|from-)' },
      { text: 'From other clients', link: '/from-amqplib', activeMatch: '^/from-' },
      { text: 'API', link: '/api/', activeMatch: '^/api/' },
    ],
    sidebar: { '/api/': sidebar.api, '/': sidebar.guides },
    socialLinks: [{ icon: 'github', link: forge }],
  },
});
