/**
 * Draws charts as SVG that reads well on light and on dark pages: the colours are those of a light page, and a style sheet in
 * the file replaces them where the reader prefers dark. The same input yields the same text.
 */
import { BarChart, LineChart } from 'echarts/charts';
import { GridComponent, LegendComponent, TitleComponent } from 'echarts/components';
import { type EChartsCoreOption, init, use } from 'echarts/core';
import { SVGRenderer } from 'echarts/renderers';
import { numberText } from './text.ts';

use([BarChart, LineChart, GridComponent, LegendComponent, TitleComponent, SVGRenderer]);

/** One bar. */
export interface Bar {
  readonly label: string;
  readonly role: 'own' | 'peer' | 'floor';
  readonly value: number;
}

/** Bars with an axis of their own, beside others. */
export interface Panel {
  readonly title: string;
  readonly bars: readonly Bar[];
}

/** A line through points. */
export interface Line {
  readonly label: string;
  readonly role: 'own' | 'peer' | 'floor';
  /** Of the horizontal axis, which is logarithmic, and of the vertical one. */
  readonly points: readonly (readonly [x: number, y: number])[];
}

/** As on a light page; behind each the colour on a dark one. */
const colours = {
  paper: ['#ffffff', '#0d1117'],
  ink: ['#1f2328', '#e6edf3'],
  faint: ['#d0d7de', '#3d444d'],
  own: ['#0969da', '#4493f8'],
  peer: ['#8c959f', '#768390'],
  floor: ['#bf8700', '#d29922'],
  other: ['#1a7f37', '#3fb950'],
  third: ['#8250df', '#ab7df8'],
} as const;
type Colour = keyof typeof colours;

const width = 880;
const labelWidth = 122;
const rowHeight = 24;
const font = { fontFamily: 'system-ui, sans-serif', color: light('ink') };

/** Bars side by side, a panel for each size or measure; less is better. @param title what the bars are, with the unit. */
export function barChart(title: string, panels: readonly Panel[]): string {
  const labels = [...new Set(panels.flatMap(({ bars }) => bars.map(({ label }) => label)))];
  const top = 66;
  const height = top + labels.length * rowHeight + 8;
  const panelWidth = (width - labelWidth) / panels.length;
  return draw(title, height, {
    title: [
      { text: title, left: 8, top: 6, textStyle: { ...font, fontSize: 15 } },
      ...panels.map((panel, index) => ({
        text: panel.title,
        left: labelWidth + index * panelWidth - 5,
        top: 38,
        textStyle: { ...font, fontSize: 12 },
      })),
    ],
    grid: panels.map((_, index) => ({
      left: labelWidth + index * panelWidth,
      top,
      // Room for the figure after the longest bar.
      width: panelWidth - 58,
      height: labels.length * rowHeight,
    })),
    xAxis: panels.map((_, gridIndex) => ({ gridIndex, type: 'value', show: false, min: 0, max: 'dataMax' })),
    yAxis: panels.map((_, gridIndex) => ({
      gridIndex,
      type: 'category',
      inverse: true,
      data: labels,
      axisLabel: { show: gridIndex === 0, ...font, fontSize: 12, interval: 0 },
      axisTick: { show: false },
      axisLine: { lineStyle: { color: light('faint') } },
    })),
    series: panels.map(({ bars }, index) => ({
      type: 'bar',
      silent: true,
      emphasis: { disabled: true },
      xAxisIndex: index,
      yAxisIndex: index,
      barWidth: 14,
      data: labels.map((label) => {
        const bar = bars.find((each) => each.label === label);
        return bar && { value: bar.value, itemStyle: { color: light(bar.role) } };
      }),
      label: {
        show: true,
        position: 'right',
        ...font,
        fontSize: 12,
        formatter: ({ value }: { value?: number }) => (value === undefined ? '' : numberText(value)),
      },
    })),
  });
}

/** Lines over a logarithmic axis; less is better. @param axis what the horizontal axis is. */
export function lineChart(title: string, axis: string, lines: readonly Line[]): string {
  const others: Colour[] = ['peer', 'other', 'third'];
  const points = lines.flatMap((line) => line.points);
  return draw(title, 340, {
    title: { text: title, left: 8, top: 6, textStyle: { ...font, fontSize: 15 } },
    legend: { top: 34, left: 8, icon: 'circle', itemGap: 24, textStyle: { ...font, fontSize: 12 } },
    grid: { left: 60, right: 40, top: 70, bottom: 46 },
    xAxis: {
      type: 'log',
      min: Math.min(...points.map(([x]) => x)),
      max: Math.max(...points.map(([x]) => x)),
      name: axis,
      nameLocation: 'middle',
      nameGap: 26,
      nameTextStyle: { ...font, fontSize: 12 },
      axisLabel: { ...font, fontSize: 12, formatter: numberText },
      axisLine: { lineStyle: { color: light('faint') } },
      axisTick: { show: false },
      splitLine: { show: false },
    },
    yAxis: {
      type: 'value',
      min: 0,
      axisLabel: { ...font, fontSize: 12, formatter: numberText },
      axisLine: { show: false },
      axisTick: { show: false },
      splitLine: { lineStyle: { color: light('faint') } },
    },
    series: lines.map(({ label, role, points: data }) => {
      const color = light(role === 'peer' ? (others.shift() ?? 'peer') : role);
      return {
        type: 'line',
        silent: true,
        emphasis: { disabled: true },
        name: label,
        data,
        symbol: 'circle',
        symbolSize: 7,
        lineStyle: { color, width: 2 },
        itemStyle: { color },
      };
    }),
  });
}

function draw(title: string, height: number, option: EChartsCoreOption): string {
  const chart = init(null, null, { renderer: 'svg', ssr: true, width, height });
  chart.setOption({ animation: false, backgroundColor: light('paper'), ...option });
  const svg = chart.renderToSVGString();
  chart.dispose();
  const still = withoutHover(svg).replace(/\bzr\d+-/g, 'chart-'); // else the number of the chart in its process
  return `${still.replace(/^<svg ([^>]*)>/, `<svg $1 role="img">\n<title>${title}</title>\n${darkStyle}`)}\n`;
}

/** What answers to a pointer, in an image that gets none. */
function withoutHover(svg: string): string {
  return svg
    .replace(/<style >.*?<\/style>\n?/s, '')
    .replace(/ class="zr\d+-cls-\d+"| pointer-events="visible"| ecmeta_\w+="[^"]*"/g, '');
}

function light(colour: Colour): string {
  return colours[colour][0];
}

const darkStyle = `<style>
@media (prefers-color-scheme: dark) {
${Object.values(colours)
  .map(([day, night]) => `[fill="${day}"] { fill: ${night} } [stroke="${day}"] { stroke: ${night} }`)
  .join('\n')}
}
</style>
`;
