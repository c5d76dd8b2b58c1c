import type { ConfigurationProblem } from '@kube-authn/core'
import { optionalString, type ParsedFlags } from '@kube-authn/node/internal'

/** Two files that belong together; `undefined` if they are not set. */
export function pairOf(
  flags: ParsedFlags,
  cert: string,
  key: string,
): { readonly certFile: string; readonly keyFile: string } | undefined {
  const certFile = optionalString(flags, cert)
  const keyFile = optionalString(flags, key)
  return certFile === undefined || keyFile === undefined ? undefined : { certFile, keyFile }
}

/** The problem of one file without the other. */
export function pairProblems(flags: ParsedFlags, cert: string, key: string): readonly ConfigurationProblem[] {
  const hasCert = optionalString(flags, cert) !== undefined
  const hasKey = optionalString(flags, key) !== undefined
  if (hasCert === hasKey) return []
  const [missing, given] = hasCert ? [key, cert] : [cert, key]
  return [{ path: `--${missing}`, message: `must be specified together with --${given}` }]
}
