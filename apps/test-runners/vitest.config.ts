import { defineConfig, type ViteUserConfigExport } from 'vitest/config';

const config: ViteUserConfigExport = defineConfig({ test: { include: ['tests/vitest.ts'] } });
export default config;
