import type { ConfigurationProblem } from '@kube-authn/core'
import { type FileNotice, quoted } from '@kube-authn/core/internal'
import type { ParsedFlags } from './parse-flags.ts'
import { booleanOf, isGiven, listOf, optionalString, secondsOf, stringOf } from './read-flags.ts'
import { signingEndpointOf, signingEndpointProblems } from './signing-endpoint-flags.ts'

const ISSUER = 'service-account-issuer'
const KEY_FILE = 'service-account-key-file'
const MAX_EXPIRATION = 'service-account-max-token-expiration'

/** Whether the flags configure service accounts. */
export function hasServiceAccounts(flags: ParsedFlags): boolean {
  return isGiven(flags, ISSUER, KEY_FILE) || signingEndpointOf(flags) !== undefined
}

/** The key files: those of the flags, or that of the TLS server; none with an external signer. */
export function keyFilesOf(flags: ParsedFlags): readonly string[] {
  if (signingEndpointOf(flags) !== undefined) return []
  const files = listOf(flags, KEY_FILE)
  const ofServer = optionalString(flags, 'tls-private-key-file')
  return files.length > 0 || ofServer === undefined ? files : [ofServer]
}

/**
 * Problems of these flags.
 *
 * Source: kubernetes `pkg/kubeapiserver/options/authentication.go` Validate, `pkg/controlplane/apiserver/options/options.go`.
 */
export function serviceAccountProblems(flags: ParsedFlags): readonly ConfigurationProblem[] {
  return [
    ...issuerProblems(listOf(flags, ISSUER)),
    ...(hasServiceAccounts(flags) ? missingProblems(flags) : []),
    ...jwksUriProblems(stringOf(flags, 'service-account-jwks-uri')),
    ...expirationProblems(secondsOf(flags, MAX_EXPIRATION)),
    ...signingEndpointProblems(flags),
  ]
}

function issuerProblems(issuers: readonly string[]): readonly ConfigurationProblem[] {
  return issuers.flatMap((issuer, index) => {
    const message = issuerProblem(issuer, issuers.indexOf(issuer) !== index)
    return message === undefined ? [] : [{ path: `--${ISSUER}`, message }]
  })
}

function issuerProblem(issuer: string, isRepeated: boolean): string | undefined {
  if (issuer.includes(':') && (!URL.canParse(issuer) || /\s/.test(issuer))) {
    return `${ISSUER} ${quoted(issuer)} contained a ':' but was not a valid URL`
  }
  if (issuer === '') return `${ISSUER} should not be an empty string`
  return isRepeated ? `${ISSUER} ${quoted(issuer)} is already specified` : undefined
}

function missingProblems(flags: ParsedFlags): readonly ConfigurationProblem[] {
  return [
    ...(listOf(flags, ISSUER).length === 0
      ? [{ path: `--${ISSUER}`, message: `${ISSUER} is a required flag` }]
      : []),
    ...(keyFilesOf(flags).length === 0 && signingEndpointOf(flags) === undefined
      ? [
          {
            path: `--${KEY_FILE}`,
            message:
              'either `--service-account-key-file` or `--service-account-signing-endpoint` must be set',
          },
        ]
      : []),
  ]
}

function jwksUriProblems(uri: string): readonly ConfigurationProblem[] {
  const path = '--service-account-jwks-uri'
  if (uri === '') return []
  if (!URL.canParse(uri)) return [{ path, message: 'service-account-jwks-uri must be a valid URL' }]
  if (new URL(uri).protocol === 'https:') return []
  return [{ path, message: `service-account-jwks-uri requires https scheme, parsed as: ${uri}` }]
}

function expirationProblems(seconds: number): readonly ConfigurationProblem[] {
  if (seconds === 0 || (seconds >= 3600 && seconds <= 2 ** 32)) return []
  const message = `the ${MAX_EXPIRATION} must be between 1 hour and 2^32 seconds`
  return [{ path: `--${MAX_EXPIRATION}`, message }]
}

/** The requested lifetime of pod tokens that kube-apiserver extends. */
const WARN_SECONDS = 3607
const EXTENDED_SECONDS = 31_536_000

/**
 * Notices about combinations of the token issuing flags; none with an external signer, see {@link signerNotices}. Issuing tokens has its own options.
 */
export function serviceAccountNotices(flags: ParsedFlags): readonly FileNotice[] {
  const seconds = secondsOf(flags, MAX_EXPIRATION)
  const isExtended = booleanOf(flags, 'service-account-extend-token-expiration')
  if (seconds === 0 || !isExtended || signingEndpointOf(flags) !== undefined) return []
  const begin = 'service-account-extend-token-expiration is true, '
  const shown = stringOf(flags, MAX_EXPIRATION)
  const notices: FileNotice[] = []
  const warn = (code: string, message: string): void => {
    notices.push({ severity: 'warning', code, message: begin + message })
  }
  if (seconds < WARN_SECONDS) {
    warn(
      'shortExtension',
      `in order to correctly trigger safe transition logic, ${MAX_EXPIRATION} must be set longer than ${WARN_SECONDS} seconds (currently ${shown})`,
    )
  }
  if (seconds < EXTENDED_SECONDS) {
    warn(
      'longExtension',
      `enabling tokens valid up to ${EXTENDED_SECONDS} seconds, which is longer than ${MAX_EXPIRATION} set to ${shown}`,
    )
  }
  return notices
}
