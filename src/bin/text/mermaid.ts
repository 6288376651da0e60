/** Pods and their networks as a Mermaid flowchart. Pure. */
import type { PictureNetwork, PodPicture } from '../../attach/picture';
import { addressesText } from './picture';

/** One subgraph for each pod; networks that several pods share are one node. */
export function toMermaid(pods: readonly Pick<PodPicture, 'pod' | 'networks'>[]): string {
  const names = [...new Set(pods.flatMap(({ networks }) => networks.map(({ network }) => network)))];
  const nodeOf = (network: string): string => `n${names.indexOf(network)}`;
  const lines = pods.flatMap(({ pod, networks }, at) => [
    `  subgraph p${at}["${escaped(pod)}"]`,
    ...networks.map((one, index) => `    p${at}i${index}["${escaped(one.ifName)}<br>${escaped(addressesText(one))}"]`),
    '  end',
    ...networks.map((one, index) => `  p${at}i${index} ${wire(one)} ${nodeOf(one.network)}`),
  ]);
  const nodes = names.map((network) => `  ${nodeOf(network)}(["${escaped(network)}"])`);
  return ['flowchart LR', ...lines, ...nodes, ''].join('\n');
}

/** The default network's wire is a thick one; the others carry what they run over. */
function wire({ isDefault, path }: PictureNetwork): string {
  if (isDefault) return '== default ==>';
  return path.length === 0 ? '---' : `-- "${escaped(path.join(' > '))}" ---`;
}

/** Names come from tenants: nothing in them may end a label. */
function escaped(text: string): string {
  return text.replace(/[^\w ./:,@>()-]/g, (character) => `#${character.codePointAt(0)};`);
}
