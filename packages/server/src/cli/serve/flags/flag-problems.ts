import { ConfigurationError } from '@kube-authn/core'
import { isConfigurationError } from '@kube-authn/core/internal'
import { optionalString, type ParsedFlags } from '@kube-authn/node/internal'

/** Takes a problem of a flag, which is named without dashes. */
export type AddProblem = (flag: string, message: string) => void

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

/** Adds the problem of one file without the other. */
export function pairProblems(flags: ParsedFlags, cert: string, key: string, add: AddProblem): void {
  const hasCert = optionalString(flags, cert) !== undefined
  const hasKey = optionalString(flags, key) !== undefined
  if (hasCert === hasKey) return
  const [missing, given] = hasCert ? [key, cert] : [cert, key]
  add(missing, `must be specified together with --${given}`)
}

/**
 * Does something whose problems are those of options, and names the flags instead.
 *
 * @throws {ConfigurationError} with the names of flags.
 */
export function inTermsOfFlags<T>(flags: ReadonlyMap<string, string>, work: () => T): T {
  try {
    return work()
  } catch (error) {
    if (!isConfigurationError(error)) throw error
    const problems = error.problems.map(({ path, message }) => ({ path: flags.get(path) ?? path, message }))
    throw new ConfigurationError(problems, { cause: error })
  }
}
