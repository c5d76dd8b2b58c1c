import type { ConfigurationProblem } from '@kube-authn/core'
import { type FileNotice, quoted, messageOf, printedSeconds } from '@kube-authn/core/internal'
import type { KeySource } from '@kube-authn/core/service-account'
import { signingKeyAt, verificationKeysAt } from '../at/verification-keys-at.ts'
import { anEndpoint, type ExternalSigner, externalSignerAt } from '../external-signer/external-signer-at.ts'
import { problemsOf } from '../options/option-problems.ts'
import { type AddProblem, addedProblems } from './flag-problems.ts'
import type { ParsedFlags } from './flag-value.ts'
import { type AuthenticatorFromFlagsOptions, sharedOf } from './flags-options.ts'

const ISSUER = 'service-account-issuer'
const KEY_FILE = 'service-account-key-file'
const SIGNING_KEY_FILE = 'service-account-signing-key-file'
const JWKS_URI = 'service-account-jwks-uri'
const ENDPOINT = 'service-account-signing-endpoint'
const MAX_EXPIRATION = 'service-account-max-token-expiration'

export function hasServiceAccounts(flags: ParsedFlags): boolean {
  return flags.isGiven(ISSUER, KEY_FILE) || flags.optional(ENDPOINT) !== undefined
}

/** The key files: those of the flags, or that of the TLS server; none with an external signer. */
function keyFilesOf(flags: ParsedFlags): readonly string[] {
  if (flags.optional(ENDPOINT) !== undefined) return []
  const files = flags.list(KEY_FILE)
  const ofServer = flags.optional('tls-private-key-file')
  return files.length > 0 || ofServer === undefined ? files : [ofServer]
}

/**
 * Adds problems of these flags.
 *
 * Source: kubernetes `pkg/kubeapiserver/options/authentication.go` Validate, `pkg/controlplane/apiserver/options/options.go`,
 * `pkg/controlplane/apiserver/options/validation.go`.
 */
export function serviceAccountProblems(flags: ParsedFlags, add: AddProblem): void {
  const issuers = flags.list(ISSUER)
  const endpoint = flags.optional(ENDPOINT)
  for (const [index, issuer] of issuers.entries()) {
    const problem = issuerProblem(issuer, issuers.indexOf(issuer) !== index)
    if (problem !== undefined) add(ISSUER, problem)
  }
  if (hasServiceAccounts(flags)) {
    if (issuers.length === 0) add(ISSUER, `${ISSUER} is a required flag`)
    if (keyFilesOf(flags).length === 0 && endpoint === undefined) {
      add(KEY_FILE, 'either `--service-account-key-file` or `--service-account-signing-endpoint` must be set')
    }
  }
  const jwksUri = flags.string(JWKS_URI)
  if (jwksUri !== '' && !URL.canParse(jwksUri)) add(JWKS_URI, `${JWKS_URI} must be a valid URL`)
  else if (jwksUri !== '' && new URL(jwksUri).protocol !== 'https:') {
    add(JWKS_URI, `${JWKS_URI} requires https scheme, parsed as: ${jwksUri}`)
  }
  const seconds = flags.seconds(MAX_EXPIRATION)
  if (seconds !== 0 && (seconds < 3600 || seconds > 2 ** 32)) {
    add(MAX_EXPIRATION, `the ${MAX_EXPIRATION} must be between 1 hour and 2^32 seconds`)
  }
  signerProblems(flags, add)
}

export function signerProblems(flags: ParsedFlags, add: AddProblem): void {
  const endpoint = flags.optional(ENDPOINT)
  if (endpoint === undefined) return
  if (flags.list(KEY_FILE).length > 0 || flags.optional(SIGNING_KEY_FILE) !== undefined) {
    add(
      ENDPOINT,
      "can't set `--service-account-signing-key-file` and/or `--service-account-key-file` with `--service-account-signing-endpoint` (They are mutually exclusive)",
    )
  }
  if (anEndpoint(endpoint, ENDPOINT).length > 0) {
    add(
      ENDPOINT,
      `invalid value ${quoted(endpoint)} passed for \`--service-account-signing-endpoint\`, should be a valid location on the filesystem or must be prefixed with @ to name UDS in abstract namespace`,
    )
  }
}

function issuerProblem(issuer: string, isRepeated: boolean): string | undefined {
  if (issuer.includes(':') && (!URL.canParse(issuer) || /\s/.test(issuer))) {
    return `${ISSUER} ${quoted(issuer)} contained a ':' but was not a valid URL`
  }
  if (issuer === '') return `${ISSUER} should not be an empty string`
  return isRepeated ? `${ISSUER} ${quoted(issuer)} is already specified` : undefined
}

/** Notices about combinations of the token issuing flags; none with an external signer, see {@link signerNotices}. Issuing tokens has its own options. */
export function serviceAccountNotices(flags: ParsedFlags): readonly FileNotice[] {
  const seconds = flags.seconds(MAX_EXPIRATION)
  if (seconds === 0 || flags.optional(ENDPOINT) !== undefined) return []
  const shown = flags.string(MAX_EXPIRATION)
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
  if (!flags.boolean('service-account-extend-token-expiration')) return []
  const begin = 'service-account-extend-token-expiration is true, '
  const tooShort = `${begin}in order to correctly trigger safe transition logic, ${short}`
  const notices = [
    { isDue: seconds < WARN_SECONDS, code: 'shortExtension', message: tooShort },
    { isDue: seconds < EXTENDED_SECONDS, code: 'longExtension', message: begin + long },
  ]
  return notices.flatMap(({ isDue, ...notice }) => (isDue ? [{ severity: 'warning', ...notice }] : []))
}

/** Notices about the signer's maximum lifetime and extended tokens. */
function signerNotices(flags: ParsedFlags, { maxExpirationSeconds }: ExternalSigner): readonly FileNotice[] {
  const seconds = flags.seconds(MAX_EXPIRATION) || maxExpirationSeconds
  const shown = printedSeconds(seconds)
  return extensionNotices(flags, seconds, {
    short: `token lifetime supported by external-jwt-signer must be longer than ${WARN_SECONDS} seconds (currently ${shown})`,
    long: `tokens validity will be caped at the smaller of ${EXTENDED_SECONDS} seconds and maximum token lifetime supported by external-jwt-signer (${shown})`,
  })
}

/** The keys of service accounts, and their problems and notices. */
export interface FlaggedKeys {
  readonly keys?: KeySource
  readonly problems: readonly ConfigurationProblem[]
  readonly notices: readonly FileNotice[]
  close(): void
}

/** Loads the keys that the flags name, from files or an external signer; none if unusable. */
export async function serviceAccountKeys(
  flags: ParsedFlags,
  options: AuthenticatorFromFlagsOptions,
): Promise<FlaggedKeys> {
  const isValid = addedProblems((add) => serviceAccountProblems(flags, add)).length === 0
  const endpoint = flags.optional(ENDPOINT)
  // Connecting may take a minute: not if other flags are invalid anyway.
  if (endpoint !== undefined) return isValid ? keysOfSigner(endpoint, flags, options) : without([])
  const problems = await signingKeyProblems(flags)
  const files = keyFilesOf(flags)
  if (!hasServiceAccounts(flags) || files.length === 0) return without(problems)
  try {
    const { current, close } = await verificationKeysAt(files, sharedOf(options))
    if (isValid) return { keys: current, problems, notices: [], close }
    close()
    return without(problems)
  } catch (error) {
    return without([...problems, ...problemsOf(`--${KEY_FILE}`, error, ': ')])
  }
}

/** Problems of the key that signs tokens. It is not used here, but read, as kube-apiserver does. */
async function signingKeyProblems(flags: ParsedFlags): Promise<readonly ConfigurationProblem[]> {
  const path = flags.optional(SIGNING_KEY_FILE)
  if (path === undefined) return []
  try {
    await signingKeyAt(path)
    return []
  } catch (error) {
    return problemsOf(`--${SIGNING_KEY_FILE}`, error, ': ')
  }
}

async function keysOfSigner(
  endpoint: string,
  flags: ParsedFlags,
  options: AuthenticatorFromFlagsOptions,
): Promise<FlaggedKeys> {
  try {
    const signer = await externalSignerAt(endpoint, sharedOf(options))
    const seconds = flags.seconds(MAX_EXPIRATION)
    const { keys, maxExpirationSeconds } = signer
    if (seconds <= maxExpirationSeconds) {
      return { keys, problems: [], notices: signerNotices(flags, signer), close: () => signer.close() }
    }
    signer.close()
    // Source: kubernetes `pkg/controlplane/apiserver/options/options.go`.
    const message =
      'service-account-max-token-expiration cannot be set longer than the token expiration supported by service-account-signing-endpoint: ' +
      `${printedSeconds(seconds)} > ${printedSeconds(maxExpirationSeconds)}`
    return without([{ path: `--${MAX_EXPIRATION}`, message }])
  } catch (error) {
    const message = `while setting up external-jwt-signer: ${messageOf(error, 'the call failed')}`
    return without([{ path: `--${ENDPOINT}`, message }])
  }
}

/** Where nothing is read. */
export const UNREAD_KEYS: FlaggedKeys = { keys: () => [], problems: [], notices: [], close() {} }

function without(problems: readonly ConfigurationProblem[]): FlaggedKeys {
  return { problems, notices: [], close() {} }
}
