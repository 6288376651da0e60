/** `braid show`: one pod's whole picture. Pure. */
import type { PodPicture } from '../../attach/picture';
import { drawPod } from './drawing';
import { failureLine, networksTable, routeLine, ruleLine, section, stepLines, tellingRoutes } from './picture';
import { type Section, toPodSvg } from './pod-svg';

/** How it is printed. */
export const showFormats = ['text', 'json', 'svg'] as const;
export type ShowFormat = (typeof showFormats)[number];

/** The picture in that format; `columns` is the terminal's width. */
export function toShow(picture: PodPicture, format: ShowFormat, columns: number): string {
  if (format === 'json') return `${JSON.stringify(picture, undefined, 2)}\n`;
  return format === 'svg'
    ? toPodSvg([picture], [{ heading: 'Sandbox', lines: sandboxLines(picture) }, ...sections(picture)])
    : toShowText(picture, columns);
}

function toShowText(picture: PodPicture, columns: number): string {
  return [
    `${drawPod(picture, columns)}\n`,
    `${sandboxLines(picture).join('\n')}\n\n`,
    networksTable(picture.networks),
    ...sections(picture).map(({ heading, lines }) => section(heading, lines)),
  ].join('');
}

function sandboxLines({ containerId, netns, alive, since }: PodPicture): readonly string[] {
  return [`Container  ${containerId}`, `Namespace  ${netns}${alive ? '' : ' (gone)'}`, `Since      ${since}`];
}

/** What stands below the drawing, whatever the format. */
function sections(picture: PodPicture): readonly Section[] {
  const { networks, rules, steps, failures } = picture;
  const notFreed = networks.flatMap(({ ifName, failure }) => (failure === undefined ? [] : [`${ifName}: ${failure}`]));
  return [
    { heading: 'Routes', lines: tellingRoutes(picture).map(routeLine) },
    { heading: 'Rules', lines: rules.map(ruleLine) },
    { heading: 'Time', lines: stepLines(steps) },
    { heading: 'Not freed', lines: notFreed },
    { heading: 'Failed', lines: failures.map(failureLine) },
  ];
}
