import { dirname, resolve } from 'node:path'
import { parseAuthenticationConfiguration } from '@kube-authn/core/internal'
import { auditPolicy } from '@kube-authn/core/audit'
import { parseKubeconfig } from '@kube-authn/node'
import { textOf } from '../terminal/input.ts'
import { checkAuthorization } from './authorization.ts'
import { checkClientKubeconfig } from './client-kubeconfig.ts'
import { checkCredentials } from './credentials.ts'
import type { Finding } from './finding.ts'
import { findingsOf } from './findings-of.ts'
import type { Kind } from './kinds.ts'
import type { NamedText } from './named-text.ts'
import type { ReadSource } from './sources.ts'

/** The reader of each kind of configuration. It returns advice, and throws a `ConfigurationError` with every problem. */
const READERS: Readonly<
  Record<Exclude<Kind, 'token-file' | 'password-file' | 'rbac'>, (file: NamedText) => readonly Finding[]>
> = {
  authentication({ name, text }) {
    parseAuthenticationConfiguration(text, name)
    return []
  },
  authorization: checkAuthorization,
  kubeconfig: checkClientKubeconfig,
  'webhook-kubeconfig'({ name, text, folder }) {
    parseKubeconfig(text, { folder, source: name })
    return []
  },
  'audit-policy'({ name, text }) {
    auditPolicy(text, { source: name })
    return []
  },
}

/** Finds the mistakes in a file of any kind but `rbac`, whose files are checked together. */
export function checkContent({ kind, bytes, name, path }: ReadSource): readonly Finding[] {
  if (kind === 'rbac') return []
  if (kind === 'token-file' || kind === 'password-file') return checkCredentials(kind, name, bytes)
  const text = textOf(bytes)
  if (text === undefined) return [{ severity: 'error', message: 'not UTF-8' }]
  const folder = path === undefined ? process.cwd() : dirname(resolve(path))
  return findingsOf({ name, text }, () => READERS[kind]({ name, text, folder }))
}
