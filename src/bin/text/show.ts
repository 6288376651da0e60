/** `braid show`: one pod's whole picture. Pure. */
import type { PodPicture } from '../../attach/picture';
import { drawPod } from './drawing';
import { failureLine, networksTable, routeLine, ruleLine, section, stepLines, tellingRoutes } from './picture';
import { toPodSvg } from './pod-svg';

/** How it is printed. */
export const showFormats = ['text', 'json', 'svg'] as const;
export type ShowFormat = (typeof showFormats)[number];

/** The picture in that format; `columns` is the terminal's width. */
export function toShow(picture: PodPicture, format: ShowFormat, columns: number): string {
  if (format === 'json') return `${JSON.stringify(picture, undefined, 2)}\n`;
  return format === 'svg' ? toPodSvg([picture]) : toShowText(picture, columns);
}

function toShowText(picture: PodPicture, columns: number): string {
  const { containerId, netns, since, alive, networks, steps } = picture;
  const failures = networks.flatMap(({ ifName, failure }) => (failure === undefined ? [] : [`${ifName}: ${failure}`]));
  return [
    `${drawPod(picture, columns)}\n`,
    `Container  ${containerId}\nNamespace  ${netns}${alive ? '' : ' (gone)'}\nSince      ${since}\n\n`,
    networksTable(networks),
    section('Routes', tellingRoutes(picture).map(routeLine)),
    section('Rules', picture.rules.map(ruleLine)),
    section('Time', stepLines(steps)),
    section('Not freed', failures),
    section('Failed', picture.failures.map(failureLine)),
  ].join('');
}
