/** The man page, from the commands. Pure. */
import type { CommandShape, OptionShape } from './commands';

/** braid(1) in roff; the version and the day are left out, so that the page changes with the commands alone. */
export function toManPage(commands: readonly CommandShape[]): string {
  return [
    '.TH BRAID 1 "" "Braid" "CNI plugins"',
    '.SH NAME',
    'braid \\- gives a pod its default network and every further network it asks for',
    '.SH SYNOPSIS',
    '.B braid',
    '.I command',
    '[\\fIoptions\\fR]',
    '.SH DESCRIPTION',
    'Container runtimes call the executable with CNI_COMMAND set and a configuration of type braid on standard input.',
    'Without CNI_COMMAND it is a command line for people. Called by the name of a built\\-in delegate (macvlan, bridge, ...)',
    'it is that delegate alone.',
    '.SH COMMANDS',
    ...commands.flatMap(command),
    '.SH EXIT STATUS',
    ...statuses.flatMap(([status, meaning]) => ['.TP', `.B ${status}`, roff(meaning)]),
    '.SH ENVIRONMENT',
    '.TP',
    '.B CNI_COMMAND, CNI_CONTAINERID, CNI_NETNS, CNI_IFNAME, CNI_ARGS, CNI_PATH',
    'As the CNI specification has them. With CNI_COMMAND set, no command line is read.',
    '.SH FILES',
    '.TP',
    '.I /var/lib/cni/braid',
    'What is attached on this node: one record for each sandbox.',
    '.TP',
    '.I /etc/cni/braid/networks',
    'NetworkAttachmentDefinitions as files, if the configuration names that directory.',
    '.SH SEE ALSO',
    '.BR ip (8),',
    '.BR bridge (8)',
    '',
  ].join('\n');
}

/** What the exit status of a command says. */
export const statuses: readonly (readonly [number, string])[] = [
  [0, 'Done; or, for a CNI call, success.'],
  [1, 'Failed: the message on standard error says what, and what to do. A CNI call prints an error object.'],
];

function command({ usage, description, options }: CommandShape): readonly string[] {
  return [`.SS "${roff(usage)}"`, `${roff(sentence(description))}`, ...options.flatMap(option)];
}

function option({ flags, value, description, choices }: OptionShape): readonly string[] {
  const names = flags.map((flag) => `\\fB${roff(flag)}\\fR`).join(', ');
  const of = choices.length > 0 ? ` One of ${choices.join(', ')}.` : '';
  return ['.TP', `${names}${value === undefined ? '' : ` \\fI${roff(value)}\\fR`}`, roff(sentence(description) + of)];
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}

/** Hyphens are minus signs, and no line begins with a dot. */
function roff(text: string): string {
  return text.replaceAll('\\', '\\e').replaceAll('-', '\\-').replace(/^\./, '\\&.').replaceAll('"', '\\(dq');
}
