import type { ConfigurationProblem } from '@kube-authn/core'
import { type FileNotice, quoted, messageOf, printedSeconds } from '@kube-authn/core/internal'
import {
  type ParsedFlags,
  booleanOf,
  isGiven,
  listOf,
  optionalString,
  secondsOf,
  stringOf,
} from './flag-value.ts'
import { anEndpoint, type ExternalSigner } from '../external-signer/external-signer-at.ts'

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

/**
 * Notices about combinations of the token issuing flags; none with an external signer, see {@link signerNotices}. Issuing tokens has its own options.
 */
export function serviceAccountNotices(flags: ParsedFlags): readonly FileNotice[] {
  const seconds = secondsOf(flags, MAX_EXPIRATION)
  if (seconds === 0 || signingEndpointOf(flags) !== undefined) return []
  const shown = stringOf(flags, MAX_EXPIRATION)
  return extensionNotices(flags, seconds, {
    short: `${MAX_EXPIRATION} must be set longer than ${WARN_SECONDS} seconds (currently ${shown})`,
    long: `enabling tokens valid up to ${EXTENDED_SECONDS} seconds, which is longer than ${MAX_EXPIRATION} set to ${shown}`,
  })
}

/** The requested lifetime of pod tokens that kube-apiserver extends. */
const WARN_SECONDS = 3607
const EXTENDED_SECONDS = 31_536_000

/** Notices about the lifetime of extended tokens. */
function extensionNotices(
  flags: ParsedFlags,
  seconds: number,
  { short, long }: { readonly short: string; readonly long: string },
): readonly FileNotice[] {
  if (!booleanOf(flags, 'service-account-extend-token-expiration')) return []
  const begin = 'service-account-extend-token-expiration is true, '
  const tooShort = `${begin}in order to correctly trigger safe transition logic, ${short}`
  const notices = [
    { isDue: seconds < WARN_SECONDS, code: 'shortExtension', message: tooShort },
    { isDue: seconds < EXTENDED_SECONDS, code: 'longExtension', message: begin + long },
  ]
  return notices.flatMap(({ isDue, ...notice }) => (isDue ? [{ severity: 'warning', ...notice }] : []))
}

const ENDPOINT = 'service-account-signing-endpoint'

/** The endpoint of the external signer; `undefined` if not set. */
export function signingEndpointOf(flags: ParsedFlags): string | undefined {
  return optionalString(flags, ENDPOINT)
}

/**
 * Problems of the flags of an external signer.
 *
 * Source: kubernetes `pkg/controlplane/apiserver/options/validation.go`.
 */
function signingEndpointProblems(flags: ParsedFlags): readonly ConfigurationProblem[] {
  const endpoint = signingEndpointOf(flags)
  if (endpoint === undefined) return []
  const problems: ConfigurationProblem[] = []
  const signingKeyFile = optionalString(flags, 'service-account-signing-key-file')
  if (listOf(flags, KEY_FILE).length > 0 || signingKeyFile !== undefined) {
    const message =
      "can't set `--service-account-signing-key-file` and/or `--service-account-key-file` with `--service-account-signing-endpoint` (They are mutually exclusive)"
    problems.push(problem(message))
  }
  if (anEndpoint(endpoint, ENDPOINT).length > 0) {
    const message = `invalid value ${quoted(endpoint)} passed for \`--service-account-signing-endpoint\`, should be a valid location on the filesystem or must be prefixed with @ to name UDS in abstract namespace`
    problems.push(problem(message))
  }
  return problems
}

/**
 * Conflicts between the flags and the signer's limits.
 *
 * Source: kubernetes `pkg/controlplane/apiserver/options/options.go`.
 */
export function signerProblems(flags: ParsedFlags, signer: ExternalSigner): readonly ConfigurationProblem[] {
  const seconds = secondsOf(flags, MAX_EXPIRATION)
  const { maxExpirationSeconds } = signer
  if (seconds <= maxExpirationSeconds) return []
  const message =
    'service-account-max-token-expiration cannot be set longer than the token expiration supported by service-account-signing-endpoint: ' +
    `${printedSeconds(seconds)} > ${printedSeconds(maxExpirationSeconds)}`
  return [{ path: `--${MAX_EXPIRATION}`, message }]
}

/** The problem of an unusable external signer, under its flag. */
export function unusableSigner(error: unknown): ConfigurationProblem {
  const message = messageOf(error, 'the call failed')
  return problem(`while setting up external-jwt-signer: ${message}`)
}

/** Notices about the signer's maximum lifetime and extended tokens. */
export function signerNotices(flags: ParsedFlags, signer: ExternalSigner): readonly FileNotice[] {
  const ofFlag = secondsOf(flags, MAX_EXPIRATION)
  const seconds = ofFlag === 0 ? signer.maxExpirationSeconds : ofFlag
  const shown = printedSeconds(seconds)
  return extensionNotices(flags, seconds, {
    short: `token lifetime supported by external-jwt-signer must be longer than ${WARN_SECONDS} seconds (currently ${shown})`,
    long: `tokens validity will be caped at the smaller of ${EXTENDED_SECONDS} seconds and maximum token lifetime supported by external-jwt-signer (${shown})`,
  })
}

function problem(message: string): ConfigurationProblem {
  return { path: `--${ENDPOINT}`, message }
}
