import type { Entry } from './entries.ts'

/** Strings that are the same without quotes in YAML: URLs, base64 and names, which no reader takes for another type. */
const PLAIN = /^[A-Za-z][\w./+=-]*(?::\/\/[\w.:[\]-]+)?$/

/** A kubeconfig with these entries only, as `withEntries` adds them to an empty one. */
export function newKubeconfig(entries: readonly Entry[], context: string): string {
  const lines = ['apiVersion: v1', 'kind: Config']
  for (const { list, name, field, value } of entries) {
    lines.push(`${list}:`, `  - name: ${scalar(name)}`, `    ${field}:`)
    for (const [key, content] of Object.entries(value)) lines.push(`      ${key}: ${scalar(String(content))}`)
  }
  return [...lines, `current-context: ${scalar(context)}`, ''].join('\n')
}

function scalar(text: string): string {
  return PLAIN.test(text) && !WORDS.test(text) ? text : JSON.stringify(text)
}

/** Words of YAML 1.1 for other types. */
const WORDS = /^(?:true|false|yes|no|on|off|y|n|null)$/i
