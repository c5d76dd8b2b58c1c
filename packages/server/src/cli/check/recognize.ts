import { basename } from 'node:path'
import { stringMemberOf } from '@kube-authn/core/internal'
import { parsedJson, textOf } from '../terminal/input.ts'

export const KINDS = [
  'token-file',
  'password-file',
  'authentication',
  'authorization',
  'rbac',
  'kubeconfig',
  'webhook-kubeconfig',
  'audit-policy',
] as const

export type Kind = (typeof KINDS)[number]

/** What the content of a file looks like: a kind, or why it has none. */
export type Recognition = { readonly kind: Kind } | { readonly problem: string }

/** Recognizes the kind of a file by its content, also if it is not valid. */
export function recognize(name: string, bytes: Uint8Array): Recognition {
  const text = textOf(bytes)
  if (text !== undefined) {
    // Manifests have PEM in their fields, and PEM has text of any kind before it.
    const kind = kindOfManifest(text)
    if (kind !== undefined && 'kind' in kind) return kind
    if (/^-----BEGIN /m.test(text)) return { problem: 'is PEM, which is not checked' }
    if (kind !== undefined) return kind
  }
  return kindOfCsv(name, text)
}

/** A file without `kind` or `apiVersion` in a line of its own is not a manifest; JSON may have both in one line. */
function kindOfManifest(text: string): Recognition | undefined {
  const apiVersions = valuesOf(text, 'apiVersion')
  const kinds = valuesOf(text, 'kind')
  const isOf = (group: string): boolean => apiVersions.some((each) => each.startsWith(`${group}/`))
  if (kinds.includes('AuthenticationConfiguration')) return { kind: 'authentication' }
  if (kinds.includes('AuthorizationConfiguration')) return { kind: 'authorization' }
  if (isOf('audit.k8s.io')) return { kind: 'audit-policy' }
  if (isOf('rbac.authorization.k8s.io') || kinds.some((each) => RBAC_KINDS.test(each)))
    return { kind: 'rbac' }
  if (kinds.includes('Config') || /^["']?(?:clusters|contexts|current-context)["']?\s*:/m.test(text)) {
    return { kind: 'kubeconfig' }
  }
  if (kinds.length > 0 || apiVersions.length > 0) return { problem: UNKNOWN_MANIFEST }
  return /^\s*(?:\{|---\s*$)/.test(text) ? { problem: UNKNOWN } : undefined
}

const RBAC_KINDS = /^(?:Cluster)?Role(?:Binding)?(?:List)?$/
const UNKNOWN = 'the kind of this file cannot be recognized: name it with --kind'
const UNKNOWN_MANIFEST =
  'is a manifest of a kind that is not checked; if it should be one, name it with --kind'

/** Those of the objects themselves. Those further in are only of interest in lists, and where the outer ones are not at the beginning of a line. */
function valuesOf(text: string, field: string): readonly string[] {
  const outer = outerValuesOf(text, field)
  if (outer.length > 0 && !outerValuesOf(text, 'kind').some((kind) => kind.endsWith('List'))) return outer
  const found = text.matchAll(
    new RegExp(String.raw`(?:^|[{,\n])[ \t-]*["']?${field}["']?[ \t]*:[ \t\r\n]*["']?([\w./-]{1,128})`, 'g'),
  )
  return [...found].map(([, value = '']) => value)
}

function outerValuesOf(text: string, field: string): readonly string[] {
  if (/^\s*\{/.test(text)) {
    const value = stringMemberOf(parsedJson(text), field)
    return value === '' ? [] : [value]
  }
  const lines = text.matchAll(
    new RegExp(String.raw`^["']?${field}["']?[ \t]*:[ \t]*["']?([\w./-]{1,128})`, 'gm'),
  )
  return [...lines].map(([, value = '']) => value)
}

function kindOfCsv(name: string, text: string | undefined): Recognition {
  // Credentials need not be UTF-8.
  if (text === undefined)
    return isNamedLikePasswords(name) ? { kind: 'password-file' } : { kind: 'token-file' }
  const lines = text.split(/\r?\n/, 1000).filter((line) => line !== '')
  const looksLikeCsv = lines.length === 0 || lines.some((line) => line.includes(','))
  if (!looksLikeCsv) return { problem: UNKNOWN }
  const hasHashes = lines.some((line) => /^"?(?:\$2[abxy]\$|\$scrypt\$|\$argon2|\{[A-Z0-9]+\})/.test(line))
  return { kind: hasHashes || isNamedLikePasswords(name) ? 'password-file' : 'token-file' }
}

function isNamedLikePasswords(name: string): boolean {
  return /passw(?:or)?d|basic/i.test(basename(name))
}
