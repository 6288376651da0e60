/** Completion scripts for bash, zsh and fish, from the commands. Pure. */
import type { CommandShape, OptionShape } from './commands';

/** The shells that have one. */
export const shells = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof shells)[number];

/** The script for that shell. */
export function toCompletion(shell: Shell, commands: readonly CommandShape[]): string {
  return { bash: toBash, zsh: toZsh, fish: toFish }[shell](commands);
}

function toBash(commands: readonly CommandShape[]): string {
  const cases = commands.map(({ name, options, choices, takesFiles }) => {
    const values = options.flatMap((option) => bashValues(option));
    const words = [...options.flatMap(({ flags }) => flags), ...choices].join(' ');
    const files = takesFiles ? `\n      COMPREPLY+=($(compgen -f -- "$current"))` : '';
    return [
      `    ${name})`,
      '      case "$previous" in',
      ...values.map((line) => `        ${line}`),
      '      esac',
      `      COMPREPLY=($(compgen -W "${words}" -- "$current"))${files} ;;`,
    ].join('\n');
  });
  const names = commands.map(({ name }) => name).join(' ');
  return `# bash completion of braid: source <(braid completion bash)
_braid() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}"
  COMPREPLY=()
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W "${names} help" -- "$current"))
    return
  fi
  case "\${COMP_WORDS[1]}" in
${cases.join('\n')}
  esac
}
complete -F _braid braid
`;
}

/** What may stand behind an option: nothing of that kind is said for a switch. */
function bashValues({ flags, value, choices, takesFile }: OptionShape): readonly string[] {
  if (value === undefined) return [];
  const words = choices.length > 0 ? `compgen -W "${choices.join(' ')}" -- "$current"` : 'compgen -f -- "$current"';
  if (choices.length === 0 && !takesFile) return [`${flags.join('|')}) return ;;`];
  return [`${flags.join('|')}) COMPREPLY=($(${words})); return ;;`];
}

function toZsh(commands: readonly CommandShape[]): string {
  const cases = commands.map(({ name, options, choices, takesFiles }) => {
    const rest = choices.length > 0 ? [`'1:value:(${choices.join(' ')})'`] : takesFiles ? ["'*:file:_files'"] : [];
    return `    ${name}) _arguments ${[...options.flatMap(zshOption), ...rest].join(' ')} ;;`;
  });
  const names = commands.map(({ name, description }) => `'${name}:${zshText(description)}'`).join(' ');
  return `#compdef braid
# zsh completion of braid: braid completion zsh > "$fpath[1]/_braid"
_braid() {
  local -a commands
  commands=(${names})
  if (( CURRENT == 2 )); then
    _describe command commands
    return
  fi
  local name="$words[2]"
  shift words
  (( CURRENT-- ))
  case "$name" in
${cases.join('\n')}
  esac
}
_braid "$@"
`;
}

function zshOption({ flags, value, choices, takesFile, description }: OptionShape): readonly string[] {
  const does = choices.length > 0 ? `(${choices.join(' ')})` : takesFile ? '_files' : '';
  const behind = value === undefined ? '' : `:value:${does}`;
  return flags.map((flag) => `'${flag}[${zshText(description)}]${behind}'`);
}

/** Inside single quotes, and without what zsh takes apart. */
function zshText(text: string): string {
  return text.replaceAll("'", "'\\''").replace(/[[\]:]/g, '\\$&');
}

function toFish(commands: readonly CommandShape[]): string {
  const none = '__fish_use_subcommand';
  const lines = commands.flatMap(({ name, description, options, choices, takesFiles }) => {
    const here = `__fish_seen_subcommand_from ${name}`;
    return [
      `complete -c braid -f -n ${none} -a ${name} -d ${fishText(description)}`,
      ...(choices.length > 0 ? [`complete -c braid -f -n '${here}' -a ${fishText(choices.join(' '))}`] : []),
      ...(takesFiles ? [`complete -c braid -F -n '${here}'`] : []),
      ...options.map((option) => `complete -c braid -n '${here}' ${fishOption(option)}`),
    ];
  });
  return `# fish completion of braid: braid completion fish > ~/.config/fish/completions/braid.fish
${lines.join('\n')}
`;
}

function fishOption({ flags, value, choices, takesFile, description }: OptionShape): string {
  const named = flags.map((flag) => (flag.startsWith('--') ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`));
  const kind = choices.length > 0 ? ['-x', `-a ${fishText(choices.join(' '))}`] : takesFile ? ['-r', '-F'] : ['-x'];
  return [...named, ...(value === undefined ? ['-f'] : kind), `-d ${fishText(description)}`].join(' ');
}

function fishText(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
