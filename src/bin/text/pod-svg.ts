/** Pods as a picture: each a box, its networks on separate wires, the default one marked. SVG for light and dark. Pure. */
import type { PictureNetwork, PodPicture } from '../../attach/picture';
import { addressesText, pluginsText } from './picture';

const width = 920; // units
const box = { left: 400, right: 680 };
const row = 84;
const head = 62;

const style = `
    .back { fill: #ffffff; stroke: #d0d7de; }
    .box { fill: #f6f8fa; stroke: #57606a; stroke-width: 2; }
    .port { fill: #ffffff; stroke: #57606a; stroke-width: 1.5; }
    .wire { stroke: #57606a; stroke-width: 2.5; }
    .main { stroke: #1a7f37; stroke-width: 5; }
    .main-box { fill: #dafbe1; stroke: #1a7f37; stroke-width: 2; }
    .badge { fill: #1a7f37; }
    .bad { fill: #cf222e; }
    text { fill: #1f2328; }
    .quiet { fill: #59636e; font-size: 12.5px; }
    .name { font-size: 19px; font-weight: 700; }
    .strong { font-weight: 600; }
    .mono { font-family: ui-monospace, 'SF Mono', Menlo, 'DejaVu Sans Mono', monospace; font-size: 13px; }
    .on-badge { fill: #ffffff; font-size: 12px; font-weight: 600; }
    @media (prefers-color-scheme: dark) {
      .back { fill: #0d1117; stroke: #30363d; }
      .box { fill: #161b22; stroke: #8b949e; }
      .port { fill: #0d1117; stroke: #8b949e; }
      .wire { stroke: #8b949e; }
      .main { stroke: #3fb950; }
      .main-box { fill: #033a16; stroke: #3fb950; }
      .badge { fill: #3fb950; }
      .bad { fill: #ff7b72; }
      text { fill: #e6edf3; }
      .quiet { fill: #9da7b3; }
      .on-badge { fill: #04260f; }
    }`;

/** A heading, and lines of text below it. */
export interface Section {
  readonly heading: string;
  readonly lines: readonly string[];
}

const line = 18; // units
const longestLine = 106; // characters of the fixed-width font; what is longer goes on in the next line

/** One drawing of all the pods, below each other, and under them what else there is to say. */
export function toPodSvg(
  pods: readonly Pick<PodPicture, 'pod' | 'networks'>[],
  notes: readonly Section[] = [],
): string {
  let top = 24;
  const drawn = pods.map((pod) => {
    const group = `  <g transform="translate(0 ${top})">\n${drawPod(pod)}  </g>\n`;
    top += heightOf(pod) + 32;
    return group;
  });
  const said = drawNotes(notes, top);
  const height = top - 8 + said.height;
  const names = escaped(pods.map(({ pod }) => pod).join(', '));
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-label="Networks of ${names}" font-family="system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif" font-size="15">\n`,
    `  <title>Networks of ${names}</title>\n  <style>${style}\n  </style>\n`,
    `  <rect class="back" x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="10"/>\n`,
    ...drawn,
    said.text,
    '</svg>\n',
  ].join('');
}

function drawNotes(notes: readonly Section[], top: number): { readonly text: string; readonly height: number } {
  let y = top;
  const drawn = notes
    .filter(({ lines }) => lines.length > 0)
    .map(({ heading, lines: whole }) => {
      const lines = whole.flatMap(broken);
      const first = y + line;
      y += line * (lines.length + 1) + 10;
      const rows = lines.map((words, at) => text(40, first + line * (at + 1), 'mono', words));
      return text(24, first, 'strong', heading) + rows.join('');
    });
  return { text: drawn.join(''), height: drawn.length === 0 ? 0 : y - top + 14 };
}

/** The line, broken between words; the rest is indented. */
function broken(words: string): readonly string[] {
  if (words.length <= longestLine) return [words];
  const space = words.lastIndexOf(' ', longestLine);
  const at = space > longestLine / 2 ? space : longestLine;
  return [words.slice(0, at), ...broken(`    ${words.slice(at).trimStart()}`)];
}

function heightOf({ networks }: Pick<PodPicture, 'networks'>): number {
  const others = networks.filter(({ isDefault }) => !isDefault).length;
  return head + row * Math.max(1, others) + 6;
}

function drawPod(pod: Pick<PodPicture, 'pod' | 'networks'>): string {
  const others = pod.networks.filter(({ isDefault }) => !isDefault);
  const first = pod.networks.filter(({ isDefault }) => isDefault);
  const height = heightOf(pod);
  return [
    `    <rect class="box" x="${box.left}" y="0" width="${box.right - box.left}" height="${height}" rx="8"/>\n`,
    text((box.left + box.right) / 2, 32, 'name', cut(pod.pod, 26), 'middle'),
    ...others.map((one, at) => drawSecondary(one, head + row * at + row / 2)),
    ...first.map((one) => drawDefault(one, head + (row * Math.max(1, others.length)) / 2)),
  ].join('');
}

/** Name and way above the wire, what made it below; the port on the box's left edge. */
function drawSecondary(one: PictureNetwork, y: number): string {
  const way = one.path.length === 0 ? '' : `, over ${one.path.toReversed().join(' > ')}`;
  const odd = one.isolated ? '' : ', forwards';
  return [
    `    <line class="wire" x1="24" y1="${y}" x2="${box.left}" y2="${y}"/>\n`,
    `    <circle class="port" cx="24" cy="${y}" r="6"/>\n`,
    text(40, y - 9, 'strong', cut(one.network, 40)),
    text(40, y + 19, 'quiet', cut(`${pluginsText(one)}${way}${odd}`, 54)),
    port(one, box.left - 8, y),
    text(box.left + 18, y - 4, 'mono strong', one.ifName),
    text(box.left + 18, y + 14, one.failure === undefined ? 'mono' : 'mono bad', cut(addressesText(one), 20)),
  ].join('');
}

function drawDefault(one: PictureNetwork, at: number): string {
  const edge = box.right - 18;
  return [
    `    <line class="main" x1="${box.right}" y1="${at}" x2="740" y2="${at}"/>\n`,
    `    <rect class="main-box" x="740" y="${at - 34}" width="156" height="68" rx="8"/>\n`,
    text(818, at - 10, 'strong', cut(one.network, 18), 'middle'),
    text(818, at + 8, 'quiet', cut(pluginsText(one), 22), 'middle'),
    `    <rect class="badge" x="788" y="${at + 14}" width="60" height="16" rx="8"/>\n`,
    text(818, at + 26, 'on-badge', 'default', 'middle'),
    port(one, box.right - 8, at),
    text(edge, at - 4, 'mono strong', one.ifName, 'end'),
    text(edge, at + 14, 'mono', cut(addressesText(one), 18), 'end'),
  ].join('');
}

function port({ isDefault }: PictureNetwork, x: number, y: number): string {
  return `    <rect class="${isDefault ? 'main-box' : 'port'}" x="${x}" y="${y - 8}" width="16" height="16" rx="3"/>\n`;
}

function text(x: number, y: number, kind: string, words: string, anchor: 'start' | 'middle' | 'end' = 'start'): string {
  return `    <text class="${kind}" x="${x}" y="${y}" text-anchor="${anchor}" xml:space="preserve">${escaped(words)}</text>\n`;
}

function cut(words: string, most: number): string {
  return words.length <= most ? words : `${words.slice(0, most - 1)}…`;
}

/** Names come from tenants: none may become markup, and XML has no control characters. */
function escaped(words: string): string {
  return words.replace(/[^\P{Cc}\t]/gu, '').replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}
