import { Argument, type Command, type Option } from 'commander'
import { type Terminal, write } from '../terminal/terminal.ts'

const AFTER = `
Examples:
  kube-authn completion bash > ~/.local/share/bash-completion/completions/kube-authn
  kube-authn completion zsh > "\${fpath[1]}/_kube-authn"
  source <(kube-authn completion bash)`

export function declareCommand(command: Command, terminal: Terminal): void {
  command
    .description(
      'Prints a script with which a shell completes the commands, options and values of kube-authn.',
    )
    .addArgument(new Argument('<shell>', 'the shell').choices(['bash', 'zsh']))
    .addHelpText('after', AFTER)
    .action(async (shell: 'bash' | 'zsh') => {
      const scriptFor = shell === 'bash' ? bashScript : zshScript
      await write(terminal, scriptFor(completedCommands(command.parent ?? command)))
    })
}

interface Described {
  readonly name: string
  readonly description: string
}

interface ValueOption {
  /** `--kind`, `-k`. */
  readonly names: readonly string[]
  /** Its values; empty if it takes any, such as a file. */
  readonly choices: readonly string[]
}

interface CompletedCommand {
  /** `''`, `check`, `create token`. */
  readonly path: string
  readonly commands: readonly Described[]
  readonly options: readonly Described[]
  readonly valueOptions: readonly ValueOption[]
  /** The values of its argument; empty if it takes any, such as a file. */
  readonly choices: readonly string[]
}

function completedCommands(command: Command, path: readonly string[] = []): readonly CompletedCommand[] {
  const { commands, options, registeredArguments } = command
  const own: CompletedCommand = {
    path: path.join(' '),
    commands: commands.map((each) => ({ name: each.name(), description: each.summary() })),
    options: [
      ...options.map((each) => ({ name: each.long ?? each.short ?? '', description: each.description })),
      { name: '--help', description: 'print this help' },
    ],
    valueOptions: options.filter(takesValue).map((each) => ({
      names: [each.long, each.short].filter((name) => name !== undefined && name !== null),
      choices: each.argChoices ?? [],
    })),
    choices: registeredArguments.flatMap(({ argChoices = [] }) => argChoices),
  }
  return [own, ...commands.flatMap((each) => completedCommands(each, [...path, each.name()]))]
}

function takesValue({ required, optional }: Option): boolean {
  return required || optional
}

/** The completion of bash. Where it has nothing to offer, bash completes the names of files. */
function bashScript(commands: readonly CompletedCommand[]): string {
  return `# bash completion of kube-authn

_kube_authn() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD-1]} path='' index
  COMPREPLY=()
  # bash splits --option=value at the equals sign.
  if [[ $current == '=' ]]; then
    current=''
  elif [[ $previous == '=' ]]; then
    previous=\${COMP_WORDS[COMP_CWORD-2]}
  fi
  for ((index = 1; index < COMP_CWORD; index++)); do
    case "$path \${COMP_WORDS[index]}" in
${pathCases(commands, 'path')}
    esac
  done
  case "$path:$previous" in
${valueCases(commands, bashValues)}
  esac
  case "$path" in
${commands.map(bashCase).join('\n')}
  esac
}

complete -o default -F _kube_authn kube-authn
`
}

function bashValues(choices: readonly string[]): string {
  return choices.length === 0 ? 'return' : `${replyWith(choices)}; return`
}

function bashCase({ path, commands, options, choices }: CompletedCommand): string {
  const words = [...commands.map(({ name }) => name), ...choices]
  const names = options.map(({ name }) => name)
  return `    ${quoted(path)})
      if [[ $current == -* ]]; then ${replyWith(names)}; else ${words.length === 0 ? ':' : replyWith(words)}; fi
      ;;`
}

function replyWith(words: readonly string[]): string {
  return `COMPREPLY=($(compgen -W ${quoted(words.join(' '))} -- "$current"))`
}

/** The completion of zsh, with descriptions. Where it has nothing to offer, it completes the names of files. */
function zshScript(commands: readonly CompletedCommand[]): string {
  return `#compdef kube-authn

_kube_authn() {
  local command_path='' word previous=\${words[CURRENT-1]}
  local -a offered
  # The value in --option=value.
  if [[ $PREFIX == --*=* ]]; then
    previous=\${PREFIX%%=*}
    compset -P '*='
  fi
  for word in \${words[2,CURRENT-1]}; do
    case "$command_path $word" in
${pathCases(commands, 'command_path')}
    esac
  done
  case "$command_path:$previous" in
${valueCases(commands, zshValues)}
  esac
  case "$command_path" in
${commands.map(zshCase).join('\n')}
  esac
}

if [[ $funcstack[1] == _kube-authn ]]; then
  _kube_authn "$@"
else
  compdef _kube_authn kube-authn
fi
`
}

function zshValues(choices: readonly string[]): string {
  return choices.length === 0 ? '_files; return' : `compadd -- ${choices.map(quoted).join(' ')}; return`
}

function zshCase({ path, commands, options, choices }: CompletedCommand): string {
  const words = [...commands, ...choices.map((name) => ({ name, description: '' }))]
  return `    ${quoted(path)})
      if [[ $PREFIX == -* ]]; then
        offered=(${options.map(described).join(' ')}); _describe option offered
      else
        ${words.length === 0 ? '_files' : `offered=(${words.map(described).join(' ')}); _describe value offered`}
      fi
      ;;`
}

function described({ name, description }: Described): string {
  return quoted(description === '' ? name : `${name}:${description.replaceAll(':', String.raw`\:`)}`)
}

/** Cases that add the next word to the path of a command: `' check'`, `'create token'`. */
function pathCases(commands: readonly CompletedCommand[], variable: string): string {
  const paths = commands.map(({ path }) => path).filter((path) => path !== '')
  return paths
    .map((path) => `      ${quoted(path.includes(' ') ? path : ` ${path}`)}) ${variable}=${quoted(path)} ;;`)
    .join('\n')
}

/** Cases that offer the values of the options that take one. */
function valueCases(
  commands: readonly CompletedCommand[],
  offer: (choices: readonly string[]) => string,
): string {
  const cases = commands.flatMap(({ path, valueOptions }) =>
    valueOptions.map(({ names, choices }) => {
      const patterns = names.map((name) => quoted(`${path}:${name}`)).join('|')
      return `    ${patterns}) ${offer(choices)} ;;`
    }),
  )
  return cases.join('\n')
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`
}
