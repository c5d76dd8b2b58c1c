import { ambientCredential } from '../cross-site/ambient-credential.ts'
import type {
  Authenticator,
  CertificatePoolSource,
  HeaderChanges,
} from '../../authenticator/authenticator.ts'
import { aPemBundleOrSource } from '../client-certificate/certificate-pool-source.ts'
import { certificateVerifier } from '../client-certificate/certificate-verifier.ts'
import type { Clock } from '../../internal/clock.ts'
import type { ConfigurationProblem } from '../../authenticator/errors.ts'
import { headerOfProxyMayBeLost } from '../headers/may-be-lost.ts'
import {
  aBoolean,
  aClock,
  aFunction,
  aString,
  optionProblems,
  listOf,
  oneOf,
  type OptionsShape,
  refuseProblems,
  withFurtherProblems,
} from '../../internal/options/index.ts'
import type { AuthenticationRequest } from '../request.ts'
import {
  type LowerCaseNames,
  lowerCaseNames,
  type RequestHeaderNames,
  requestHeaderNamesShape,
  validateHeaderNames,
} from './header-names.ts'
import { identityReader, type JoinedHeaders } from './read-identity.ts'

/** Options of {@link requestHeader}: the headers, and how to recognise the proxy. */
export type RequestHeaderOptions = RequestHeaderNames & {
  /** What a comma means if the runtime joins repeated headers. Default `reject`. */
  readonly joinedHeaders?: JoinedHeaders
} & (ProxyCertificate | TrustedRequests)

/** The proxy authenticates with a TLS client certificate. */
export interface ProxyCertificate {
  /** The trusted CA certificates of the proxy: a PEM bundle or a source of certificates (`--requestheader-client-ca-file`). */
  readonly ca: string | CertificatePoolSource
  /** The accepted common names of proxies (`--requestheader-allowed-names`). At least one, unless `allowAnyProxyName` is set. */
  readonly allowedNames?: readonly string[]
  /** Accept every certificate of that CA as a proxy's. Default `false`. */
  readonly allowAnyProxyName?: boolean
  readonly clock?: Clock
}

/** The app recognises requests from the proxy in another way. */
export interface TrustedRequests {
  /**
   * Whether this request comes from the proxy, judged by a shared secret, the peer address, or the listening socket. All security depends on
   * it: a client for which it returns `true` can act as any user.
   */
  readonly trusts: (request: AuthenticationRequest) => boolean
}

const shape: OptionsShape<RequestHeaderOptions> = {
  ...requestHeaderNamesShape,
  joinedHeaders: oneOf('reject', 'split', 'whole'),
  ca: aPemBundleOrSource,
  allowedNames: listOf(aString),
  allowAnyProxyName: aBoolean,
  clock: aClock,
  trusts: aFunction,
}

/**
 * Trusts an authenticating proxy, which sends the identity of the user in headers.
 *
 * It has no opinion on a request without a client certificate, or for which `trusts` returns `false`, or whose headers name no user. A
 * certificate that is not the proxy's is an error, and so are ambiguous headers.
 *
 * Source: apiserver `pkg/authentication/request/headerrequest/requestheader.go`.
 *
 * Deviation: header names are trimmed and may not overlap, and the name of the proxy is required; commas in joined headers are
 * refused (`docs/deviations.md`, request header configuration; joined headers).
 *
 * @throws {ConfigurationError} with every problem of the options.
 * @example
 * const proxy = requestHeader({
 *   ca: await readFile('front-proxy-ca.crt', 'utf8'),
 *   allowedNames: ['front-proxy-client'],
 *   usernameHeaders: ['X-Remote-User'],
 *   groupHeaders: ['X-Remote-Group'],
 *   extraHeaderPrefixes: ['X-Remote-Extra-'],
 * })
 */
export function requestHeader(options: RequestHeaderOptions): Authenticator {
  refuseProblems(
    withFurtherProblems(optionProblems(shape, options), options, (sound) => [
      ...validateHeaderNames(lowerCaseNames(sound)),
      ...(TRUST.every((name) => isGiven(options, name) === isGiven(sound, name))
        ? validateTrust(options)
        : []),
    ]),
  )
  const names = lowerCaseNames(options)
  const believing = believe(names, options.joinedHeaders ?? 'reject')
  if (!isTrustedRequests(options)) {
    const { ca, allowedNames = [], clock } = options
    const proxy = { ca, allowedNames, ...(clock !== undefined && { clock }) }
    return { ...certificateVerifier(proxy, believing), name: 'requestHeader' }
  }
  // Strictly `true`: in plain JavaScript `trusts` may return a promise.
  const trusts: (request: AuthenticationRequest) => unknown = options.trusts
  return {
    ...believing,
    name: 'requestHeader',
    authenticate: (request, context) =>
      trusts(request) === true ? believing.authenticate(request, context) : undefined,
  }
}

/** Trusts the identity headers of every request. */
function believe(names: LowerCaseNames, joined: JoinedHeaders): Authenticator {
  const { extraHeaderPrefixes, ...lists } = names
  const consumed: HeaderChanges = Object.freeze({
    remove: Object.values(lists).flat(),
    removePrefixes: extraHeaderPrefixes,
  })
  const readIdentity = identityReader(names, joined)
  return ambientCredential({
    name: 'identityHeaders',
    credentials: { schemes: [], identityHeaders: [() => consumed] },
    authenticate({ headers }) {
      if (headers.complete === false) throw headerOfProxyMayBeLost()
      const user = readIdentity(headers)
      return user && { user, consumed }
    },
  })
}

/** The options that decide which requests are trusted; they are validated together. */
const TRUST = ['ca', 'trusts', 'allowedNames', 'allowAnyProxyName'] as const

/** `undefined` counts as absent, as with every option. */
function isGiven(
  options: { readonly [name in (typeof TRUST)[number]]?: unknown },
  name: (typeof TRUST)[number],
): boolean {
  return options[name] !== undefined
}

function isTrustedRequests<T extends object>(options: T): options is T & TrustedRequests {
  return isGiven(options, 'trusts')
}

function validateTrust(options: RequestHeaderOptions): readonly ConfigurationProblem[] {
  // With `ca: undefined` and no `trusts`, the other options are still validated below.
  const isByCertificate = isGiven(options, 'ca') || (!isGiven(options, 'trusts') && 'ca' in options)
  if (isByCertificate === isGiven(options, 'trusts')) {
    const message = 'give either ca, for a proxy with a client certificate, or trusts, for another proof'
    return [{ path: 'ca', message }]
  }
  if (isTrustedRequests(options)) {
    // These restrict who the proxy may be, but would be ignored.
    return (['allowedNames', 'allowAnyProxyName'] as const)
      .filter((path) => isGiven(options, path))
      .map((path) => ({ path, message: 'has no effect with trusts' }))
  }
  const { allowedNames = [], allowAnyProxyName = false } = options
  const blank = allowedNames.findIndex((name) => name.trim() === '')
  if (blank !== -1) return [{ path: `allowedNames[${blank}]`, message: 'must not be blank' }]
  if (allowedNames.length > 0 === allowAnyProxyName) {
    const message = allowAnyProxyName
      ? 'must be empty if allowAnyProxyName is set'
      : 'must name the proxy; set allowAnyProxyName to accept every certificate of the CA'
    return [{ path: 'allowedNames', message }]
  }
  return []
}
