import type { CompletedCommand, Described } from './tree.ts'

/** The completion of zsh, with descriptions. Where it has nothing to offer, it completes the names of files. */
export function zshScript(commands: readonly CompletedCommand[]): string {
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
${commands
  .filter(({ path }) => path !== '')
  .map(
    ({ path }) => `      ${quoted(path.includes(' ') ? path : ` ${path}`)}) command_path=${quoted(path)} ;;`,
  )
  .join('\n')}
    esac
  done
  case "$command_path:$previous" in
${commands.flatMap(valueCases).join('\n')}
  esac
  case "$command_path" in
${commands.map(commandCase).join('\n')}
  esac
}

if [[ $funcstack[1] == _kube-authn ]]; then
  _kube_authn "$@"
else
  compdef _kube_authn kube-authn
fi
`
}

function valueCases({ path, valueOptions }: CompletedCommand): readonly string[] {
  return valueOptions.map(({ names, choices }) => {
    const patterns = names.map((name) => quoted(`${path}:${name}`)).join('|')
    return `    ${patterns}) ${choices.length === 0 ? '_files' : `compadd -- ${choices.map(quoted).join(' ')}`}; return ;;`
  })
}

function commandCase({ path, commands, options, choices }: CompletedCommand): string {
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

function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`
}
