/** A pod's box with its networks on separate wires, drawn for a terminal. Pure. */
import type { PictureNetwork, PodPicture } from '../../attach/picture';
import { addressesText, pluginsText } from './picture';

/** Narrower than this there is no room for wires on both sides. */
const narrow = 90; // columns

/** The drawing in at most `columns`; on a narrow terminal a list, with the default network first. */
export function drawPod(pod: Pick<PodPicture, 'pod' | 'networks'>, columns: number): string {
  return columns < narrow ? drawList(pod) : drawBox(pod, Math.min(columns, 140));
}

function drawBox({ pod, networks }: Pick<PodPicture, 'pod' | 'networks'>, columns: number): string {
  const others = networks.filter(({ isDefault }) => !isDefault);
  const [first] = networks.filter(({ isDefault }) => isDefault);
  const right = first === undefined ? [] : [first.network, pluginsText(first), 'default network'];
  const rightWidth = Math.min(Math.max(0, ...right.map((text) => text.length)), 26);
  const inner = Math.min(Math.max(pod.length + 2, ...networks.map((one) => labelOf(one).length + 3), 24), 44);
  const left = Math.min(
    Math.max(...others.map((one) => Math.max(one.network.length, wayOf(one).length)), 8) + 4,
    columns - inner - rightWidth - 14,
  );
  const blank = ' '.repeat(left + 2);
  const rows = Math.max(1, others.length);
  const defaultRow = Math.floor((rows - 1) / 2);
  const lines = [`${blank}┌${'─'.repeat(inner)}┐`, `${blank}│${centred(cut(pod, inner - 2), inner)}│`];
  for (let at = 0; at < rows; at++) {
    const one = others[at];
    const isDefaultRow = at === defaultRow && first !== undefined;
    const [above = '', wire = '', below = ''] = one === undefined ? [] : [one.network, '', wayOf(one)];
    const name = ` ${cut(above, left)}`.padEnd(left + 2);
    const line = one === undefined ? blank : ` ○${'─'.repeat(left)}`;
    const way = ` ${cut(below, left)}`.padEnd(left + 2);
    const box = (text: string) => ` ${cut(text, inner - 2)}`.padEnd(inner);
    lines.push(`${name}│${' '.repeat(inner)}│`);
    lines.push(`${line}${one === undefined ? '│' : '┤'}${box(one === undefined ? wire : labelOf(one))}│`);
    lines.push(`${way}│${' '.repeat(inner)}│${isDefaultRow ? `      ${cut(right[0] ?? '', rightWidth)}` : ''}`);
    if (!isDefaultRow) continue;
    lines.push(
      `${blank}│${cut(labelOf(first), inner - 1).padStart(inner - 1)} ╞═════ ${cut(right[1] ?? '', rightWidth)}`,
    );
    lines.push(`${blank}│${' '.repeat(inner)}│      ${cut(right[2] ?? '', rightWidth)}`);
  }
  lines.push(`${blank}└${'─'.repeat(inner)}┘`);
  return `${lines.map((line) => line.trimEnd()).join('\n')}\n`;
}

function drawList({ pod, networks }: Pick<PodPicture, 'pod' | 'networks'>): string {
  const lines = networks.flatMap((one, at) => {
    const last = at === networks.length - 1;
    const [head, rest] = last ? ['└', ' '] : ['├', '│'];
    const wire = one.isDefault ? '══' : '──';
    return [
      `${head}${wire} ${labelOf(one)}`,
      `${rest}      ${one.network}${one.isDefault ? ' (default network)' : ''}`,
      `${rest}      ${wayOf(one)}`,
    ];
  });
  return `${[pod, ...lines].join('\n')}\n`;
}

function labelOf(one: PictureNetwork): string {
  return `${one.ifName}  ${addressesText(one)}`;
}

function wayOf(one: PictureNetwork): string {
  return [pluginsText(one), ...(one.path.length === 0 ? [] : [`over ${one.path.toReversed().join(' > ')}`])].join(', ');
}

function centred(text: string, width: number): string {
  const before = Math.floor((width - text.length) / 2);
  return `${' '.repeat(before)}${text}`.padEnd(width);
}

function cut(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, Math.max(0, most - 1))}…`;
}
