import type { Authenticator, HeaderChanges } from '../../authenticator/authenticator.ts'
import {
  aPemBundleOrSource,
  type CertificatePoolSource,
} from '../client-certificate/certificate-pool-source.ts'
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

/** Options of {@link requestHeader}: which headers, and why they are believed. */
export type RequestHeaderOptions = RequestHeaderNames & {
  /** What a comma means where the runtime joined repeated headers. Default `reject`. */
  readonly joinedHeaders?: JoinedHeaders
} & (ProxyCertificate | TrustedRequests)

/** The proxy proves who it is by a TLS client certificate. */
export interface ProxyCertificate {
  /** Who is trusted to sign it: a PEM bundle or a source of certificates (`--requestheader-client-ca-file`). */
  readonly ca: string | CertificatePoolSource
  /** The common names a proxy may have (`--requestheader-allowed-names`). At least one, unless `allowAnyProxyName`. */
  readonly allowedNames?: readonly string[]
  /** Let every certificate of that CA be a proxy's. Default `false`. */
  readonly allowAnyProxyName?: boolean
  readonly clock?: Clock
}

/** Something else says that a request comes from the proxy. */
export interface TrustedRequests {
  /**
   * Whether this request comes from the proxy: by a secret it shares with this server, by the address it comes from, by the
   * socket it came in on. Everything depends on it: whoever gets a yes can be anybody.
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
 * Believes an authenticating proxy, which says in headers who the caller is.
 *
 * A request that the proxy did not send is looked at no further: without a certificate, or where `trusts` says no, there is no
 * opinion; with a certificate of somebody else there is an error. So is one that leaves room for doubt. Headers that name nobody
 * are no opinion.
 *
 * Source: apiserver `pkg/authentication/request/headerrequest/requestheader.go`.
 *
 * Deviation: header names are trimmed, may not overlap, and the name of the proxy has to be said; commas in joined headers are
 * refused (`docs/deviations.md`, request header configuration; joined headers).
 *
 * @throws {ConfigurationError} with everything that is wrong with the options.
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
  // From code that no compiler looked at comes a promise, too, and that is not a yes.
  const trusts: (request: AuthenticationRequest) => unknown = options.trusts
  return {
    ...believing,
    name: 'requestHeader',
    authenticate: (request, context) =>
      trusts(request) === true ? believing.authenticate(request, context) : undefined,
  }
}

/** Takes the headers of a request for true. */
function believe(names: LowerCaseNames, joined: JoinedHeaders): Authenticator {
  const { extraHeaderPrefixes, ...lists } = names
  const consumed: HeaderChanges = Object.freeze({
    remove: Object.values(lists).flat(),
    removePrefixes: extraHeaderPrefixes,
  })
  const readIdentity = identityReader(names, joined)
  return {
    name: 'identityHeaders',
    credentials: { schemes: [], identityHeaders: [() => consumed] },
    authenticate({ headers }) {
      if (headers.complete === false) throw headerOfProxyMayBeLost
      const user = readIdentity(headers)
      return user && { user, consumed }
    },
  }
}

/** The options that say which requests are believed; they make sense together only. */
const TRUST = ['ca', 'trusts', 'allowedNames', 'allowAnyProxyName'] as const

/** `undefined` counts as left out, as with every option. */
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
  // One that is named and undefined is still missed below, by its name.
  const isByCertificate = isGiven(options, 'ca') || (!isGiven(options, 'trusts') && 'ca' in options)
  if (isByCertificate === isGiven(options, 'trusts')) {
    const message = 'give either ca, for a proxy with a client certificate, or trusts, for another proof'
    return [{ path: 'ca', message }]
  }
  if (isTrustedRequests(options)) {
    // They would be ignored, and say who the proxy may be.
    return (['allowedNames', 'allowAnyProxyName'] as const)
      .filter((path) => isGiven(options, path))
      .map((path) => ({ path, message: 'means nothing with trusts' }))
  }
  const { allowedNames = [], allowAnyProxyName = false } = options
  const blank = allowedNames.findIndex((name) => name.trim() === '')
  if (blank !== -1) return [{ path: `allowedNames[${blank}]`, message: 'must not be blank' }]
  if (allowedNames.length > 0 === allowAnyProxyName) {
    const message = allowAnyProxyName
      ? 'must be empty where allowAnyProxyName lets every name through'
      : 'must name the proxy; allowAnyProxyName lets every certificate of the CA be one'
    return [{ path: 'allowedNames', message }]
  }
  return []
}
