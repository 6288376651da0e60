/** The plot of docs/performance.md: time by number of networks, one line for each competitor, as SVG. Pure. */
import type { Row } from './report';
import { median } from './stats';

const width = 760;
const height = 384;
const panel = { width: 330, height: 240, top: 60 } as const;
/** Told apart without colour, too, by their dashes: lengths of stroke and gap. */
const strokes = [
  ['#888888', 'none'],
  ['#0b6e4f', 'none'],
  ['#52b788', '8 4'],
  ['#b5651d', '2 3'],
  ['#a4161a', 'none'],
  ['#3a5a98', '8 4'],
  ['#8e6fb8', '2 3'],
] as const;
const strokeOf = (at: number): string => {
  const [colour, dashes] = strokes[at % strokes.length] ?? strokes[0];
  return `stroke="${colour}" stroke-dasharray="${dashes}" stroke-width="2.5"`;
};

/** ADD on the left, DEL on the right, milliseconds upwards. */
export function toPlot(rows: readonly Row[]): string {
  const names = [...new Set(rows.flatMap(({ samples }) => [...samples.keys()]))];
  const panels = (['add', 'del'] as const).map((verb, at) => toPanel(rows, names, verb, 50 + at * (panel.width + 40)));
  const key = names.map(
    (name, at) =>
      `<g transform="translate(${50 + (at % 3) * 230} ${height - 46 + Math.floor(at / 3) * 18})"><line x2="22" ${strokeOf(at)}/><text x="28" y="4">${name}</text></g>`,
  );
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-label="Time of ADD and DEL by number of networks">`,
    '<style>text{font:12px system-ui,sans-serif;fill:#1f2328}.axis{stroke:#8c959f}.grid{stroke:#d0d7de}rect{fill:#fff}',
    '@media(prefers-color-scheme:dark){text{fill:#e6edf3}rect{fill:#0d1117}.grid{stroke:#30363d}}</style>',
    `<rect width="${width}" height="${height}"/>`,
    ...panels,
    ...key,
    '</svg>\n',
  ].join('\n');
}

function toPanel(rows: readonly Row[], names: readonly string[], verb: 'add' | 'del', left: number): string {
  const middleOf = (row: Row, name: string): number => median((row.samples.get(name)?.[verb] ?? []).map((s) => s.wall));
  const values = rows.flatMap((row) => names.map((name) => middleOf(row, name))).filter((v) => !Number.isNaN(v));
  const top = niceTop(Math.max(...values));
  const most = Math.max(...rows.map(({ k }) => k), 1);
  const x = (k: number): number => (k / most) * (panel.width - 20);
  const y = (value: number): number => panel.height - (value / top) * panel.height;
  const grid = [0, 0.25, 0.5, 0.75, 1].map(
    (share) =>
      `<line class="grid" x2="${panel.width - 20}" y1="${y(share * top)}" y2="${y(share * top)}"/><text x="-6" y="${y(share * top) + 4}" text-anchor="end">${share * top}</text>`,
  );
  const ticks = rows.map(({ k }) => `<text x="${x(k)}" y="${panel.height + 18}" text-anchor="middle">${k}</text>`);
  const lines = names.map((name, at) => {
    const points = rows.filter((row) => !Number.isNaN(middleOf(row, name)));
    const path = points.map((row) => `${x(row.k).toFixed(1)},${y(middleOf(row, name)).toFixed(1)}`).join(' ');
    return `<polyline points="${path}" fill="none" ${strokeOf(at)}/>`;
  });
  return [
    `<g transform="translate(${left} ${panel.top})">`,
    `<text x="0" y="-28" font-weight="600">${verb.toUpperCase()} of n networks beside the default one, ms</text>`,
    ...grid,
    ...ticks,
    ...lines,
    '</g>',
  ].join('\n');
}

/** The next round number above, so that quarters are whole. */
function niceTop(value: number): number {
  return (
    [20, 40, 60, 80, 100, 160, 200, 300, 400, 500, 600, 800, 1000, 2000, 4000].find((top) => top >= value) ?? value
  );
}
