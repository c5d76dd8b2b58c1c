import type { ConfigurationProblem } from '@kube-authn/core'
import { type FileNotice, messageOf, printedSeconds, quoted } from '@kube-authn/core/internal'
import { anEndpoint } from '../external-signer/external-signer-at.ts'
import type { ExternalSigner } from '../external-signer/external-signer.ts'
import type { ParsedFlags } from './parse-flags.ts'
import { booleanOf, listOf, optionalString, secondsOf } from './read-flags.ts'

const ENDPOINT = 'service-account-signing-endpoint'
const EXTEND = 'service-account-extend-token-expiration is true, '

/** The endpoint of the external signer; `undefined` if not set. */
export function signingEndpointOf(flags: ParsedFlags): string | undefined {
  return optionalString(flags, ENDPOINT)
}

/**
 * Problems of the flags of an external signer.
 *
 * Source: kubernetes `pkg/controlplane/apiserver/options/validation.go`.
 */
export function signingEndpointProblems(flags: ParsedFlags): readonly ConfigurationProblem[] {
  const endpoint = signingEndpointOf(flags)
  if (endpoint === undefined) return []
  const hasKeyFiles =
    listOf(flags, 'service-account-key-file').length > 0 ||
    optionalString(flags, 'service-account-signing-key-file') !== undefined
  return [
    ...(hasKeyFiles
      ? [
          problem(
            "can't set `--service-account-signing-key-file` and/or `--service-account-key-file` with `--service-account-signing-endpoint` (They are mutually exclusive)",
          ),
        ]
      : []),
    ...(anEndpoint(endpoint, ENDPOINT).length > 0
      ? [
          problem(
            `invalid value ${quoted(endpoint)} passed for \`--service-account-signing-endpoint\`, should be a valid location on the filesystem or must be prefixed with @ to name UDS in abstract namespace`,
          ),
        ]
      : []),
  ]
}

/**
 * Conflicts between the flags and the signer's limits.
 *
 * Source: kubernetes `pkg/controlplane/apiserver/options/options.go`.
 */
export function signerProblems(flags: ParsedFlags, signer: ExternalSigner): readonly ConfigurationProblem[] {
  const seconds = secondsOf(flags, 'service-account-max-token-expiration')
  const { maxExpirationSeconds } = signer
  if (seconds <= maxExpirationSeconds) return []
  const message =
    'service-account-max-token-expiration cannot be set longer than the token expiration supported by service-account-signing-endpoint: ' +
    `${printedSeconds(seconds)} > ${printedSeconds(maxExpirationSeconds)}`
  return [{ path: '--service-account-max-token-expiration', message }]
}

/** The problem of an unusable external signer, under its flag. */
export function unusableSigner(error: unknown): ConfigurationProblem {
  const message = messageOf(error, 'the call failed')
  return problem(`while setting up external-jwt-signer: ${message}`)
}

/** The requested lifetime of pod tokens that kube-apiserver extends. */
const WARN_SECONDS = 3607
const EXTENDED_SECONDS = 31_536_000

/** Notices about the signer's maximum lifetime and extended tokens. */
export function signerNotices(flags: ParsedFlags, signer: ExternalSigner): readonly FileNotice[] {
  if (!booleanOf(flags, 'service-account-extend-token-expiration')) return []
  const given = secondsOf(flags, 'service-account-max-token-expiration')
  const seconds = given === 0 ? signer.maxExpirationSeconds : given
  const shown = printedSeconds(seconds)
  return [
    ...(seconds < WARN_SECONDS
      ? [
          warning(
            'shortExtension',
            `in order to correctly trigger safe transition logic, token lifetime supported by external-jwt-signer must be longer than ${WARN_SECONDS} seconds (currently ${shown})`,
          ),
        ]
      : []),
    ...(seconds < EXTENDED_SECONDS
      ? [
          warning(
            'longExtension',
            `tokens validity will be caped at the smaller of ${EXTENDED_SECONDS} seconds and maximum token lifetime supported by external-jwt-signer (${shown})`,
          ),
        ]
      : []),
  ]
}

function problem(message: string): ConfigurationProblem {
  return { path: `--${ENDPOINT}`, message }
}

function warning(code: string, message: string): FileNotice {
  return { severity: 'warning', code, message: EXTEND + message }
}
