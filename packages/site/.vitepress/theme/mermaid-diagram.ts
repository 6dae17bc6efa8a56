import { useData } from 'vitepress';
import { defineComponent, h, onMounted, ref, watch } from 'vue';

let drawn = 0;

/** Draws a diagram in the browser, in the colours of the page. Mermaid itself is only loaded by pages that have one. */
export const MermaidDiagram = defineComponent({
  props: { code: { type: String, required: true } },
  setup: ({ code }) => {
    const { isDark } = useData();
    const picture = ref('');
    async function draw(): Promise<void> {
      const { default: mermaid } = await import('mermaid');
      mermaid.initialize({ startOnLoad: false, securityLevel: 'strict', theme: isDark.value ? 'dark' : 'neutral' });
      drawn += 1;
      const { svg } = await mermaid.render(`mermaid-${drawn}`, decodeURIComponent(code));
      picture.value = svg;
    }
    onMounted(() => {
      void draw();
    });
    watch(isDark, draw);
    return () => h('div', { class: 'mermaid-diagram', innerHTML: picture.value });
  },
});
