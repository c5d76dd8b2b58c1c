import type { CompletedCommand } from './tree.ts'

/** The completion of bash. Where it has nothing to offer, bash completes the names of files. */
export function bashScript(commands: readonly CompletedCommand[]): string {
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
${commands
  .filter(({ path }) => path !== '')
  .map(({ path }) => `      ${quoted(wordsOf(path))}) path=${quoted(path)} ;;`)
  .join('\n')}
    esac
  done
  case "$path:$previous" in
${valueCases(commands).join('\n')}
  esac
  case "$path" in
${commands.map(commandCase).join('\n')}
  esac
}

complete -o default -F _kube_authn kube-authn
`
}

/** A path and the next word, as the script joins them: `' check'`, `'create token'`. */
function wordsOf(path: string): string {
  return path.includes(' ') ? path : ` ${path}`
}

function valueCases(commands: readonly CompletedCommand[]): readonly string[] {
  return commands.flatMap(({ path, valueOptions }) =>
    valueOptions.map(({ names, choices }) => {
      const patterns = names.map((name) => quoted(`${path}:${name}`)).join('|')
      return `    ${patterns}) ${choices.length === 0 ? '' : `${replyWith(choices)}; `}return ;;`
    }),
  )
}

function commandCase({ path, commands, options, choices }: CompletedCommand): string {
  const words = [...commands.map(({ name }) => name), ...choices]
  const names = options.map(({ name }) => name)
  return `    ${quoted(path)})
      if [[ $current == -* ]]; then ${replyWith(names)}; else ${words.length === 0 ? ':' : replyWith(words)}; fi
      ;;`
}

function replyWith(words: readonly string[]): string {
  return `COMPREPLY=($(compgen -W ${quoted(words.join(' '))} -- "$current"))`
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`
}
