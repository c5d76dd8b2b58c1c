import { aBooleanOrAnonymousConfig, type AnonymousConfig } from '../request/anonymous/config.ts'
import { anonymous } from '../request/anonymous/anonymous.ts'
import { audienceAgnostic } from '../authenticator/audiences.ts'
import type {
  AnyAuthenticator,
  Authenticator,
  PasswordAuthenticator,
  TokenAuthenticator,
} from '../authenticator/authenticator.ts'
import { basic } from '../request/basic.ts'
import { bearerToken } from '../request/bearer-token.ts'
import type { Dpop } from '../token/dpop/dpop.ts'
import { authenticatedGroup } from '../authenticator/groups.ts'
import {
  aDpop,
  aPasswordAuthenticator,
  aRequestAuthenticator,
  aTokenAuthenticator,
  checkOptions,
  either,
  listOf,
  oneOf,
  type OptionsShape,
  refuseProblems,
  anOrigin,
  someAudiences,
} from '../internal/options/index.ts'
import { failFast, union } from '../authenticator/union.ts'
import { webSocketProtocol } from '../request/web-socket-protocol.ts'

/** The authenticators of a chain, by their position in it. All are optional. */
export interface AuthenticatorChainOptions {
  /** The authenticating proxy. */
  readonly requestHeader?: Authenticator
  /** Password authenticators, in the order they are asked. */
  readonly passwords?: readonly PasswordAuthenticator[]
  readonly clientCertificate?: Authenticator
  /** Other request authenticators, in the order they are asked: before bearer tokens. */
  readonly requests?: readonly Authenticator[]
  /** Bearer token authenticators, in the order they are asked. `'ignored'`: bearer tokens are not read; a request with one is treated as if it had none. */
  readonly tokens?: readonly TokenAuthenticator[] | 'ignored'
  /** Tokens that are bound to a key of their client (`Authorization: DPoP`), for the authenticators in `tokens`: `dpop(...)` of `@kube-authn/core/dpop`. Default: such tokens are refused. */
  readonly dpop?: Dpop
  /** Whether requests without any credential pass, as `system:anonymous`. Default `false`. */
  readonly anonymous?: boolean | AnonymousConfig
  /** The audiences that credentials must be valid for, and that credentials without audiences are valid for (`--api-audiences`). */
  readonly audiences?: readonly string[]
  /**
   * The origins of other sites, such as `https://console.example.com`, whose pages may make requests with what browsers send by themselves: passwords, client certificates, sessions
   * and the identity from a front proxy. Default: none, so that such requests are a 403 unless they change nothing.
   */
  readonly trustedOrigins?: readonly string[]
}

const shape: OptionsShape<AuthenticatorChainOptions> = {
  requestHeader: aRequestAuthenticator,
  passwords: listOf(aPasswordAuthenticator),
  clientCertificate: aRequestAuthenticator,
  requests: listOf(aRequestAuthenticator),
  tokens: either((value) => typeof value === 'string', oneOf('ignored'), listOf(aTokenAuthenticator)),
  dpop: aDpop,
  anonymous: aBooleanOrAnonymousConfig,
  audiences: someAudiences,
  trustedOrigins: listOf(anOrigin),
}

/**
 * The chain of kube-apiserver: request header, Basic, client certificate, bearer token, WebSocket token, in this order, with
 * `requests` before the tokens. The first one that authenticates the caller decides. Authenticated users get `system:authenticated`.
 * Anonymous comes last, and only if no authenticator before it failed.
 *
 * An unknown bearer token is refused even if there are no token authenticators, unless tokens are ignored.
 *
 * Source: kubernetes `pkg/kubeapiserver/authenticator/config.go`.
 *
 * Deviation: anonymous requests are refused by default, and a chain without authenticators is an error
 * (`docs/deviations.md`, anonymous by default; no authenticator).
 *
 * @throws {ConfigurationError} if there is no authenticator, or the anonymous section contradicts itself.
 * @example
 * const chain = authenticatorChain({ tokens: [tokenFile(csv)], anonymous: true })
 */
export function authenticatorChain(options: AuthenticatorChainOptions = {}): Authenticator {
  checkOptions(shape, options)
  const { requestHeader, clientCertificate, passwords = [], requests = [], audiences, dpop } = options
  const tokens = options.tokens === 'ignored' ? [] : (options.tokens ?? [])
  const anonymousConfig =
    typeof options.anonymous === 'object' ? options.anonymous : { enabled: options.anonymous ?? false }
  const known = [requestHeader, clientCertificate, ...passwords, ...requests, ...tokens].filter(
    (each) => each !== undefined,
  )
  if (options.tokens === 'ignored' && dpop !== undefined) {
    refuseProblems([{ path: 'dpop', message: 'cannot be set if tokens are ignored' }])
  }
  if (known.length === 0 && !anonymousConfig.enabled) {
    // Kubernetes' message for extension API servers: `pkg/authentication/authenticatorfactory/delegating.go`.
    refuseProblems([{ path: 'authenticators', message: 'no authentication method configured' }])
  }

  const agnostic = <A extends AnyAuthenticator>(authenticator: A): A =>
    audiences === undefined ? authenticator : audienceAgnostic(audiences, authenticator)
  const allTokens = union<TokenAuthenticator>(
    ...tokens.map((each) => (each.audienceAware ? each : agnostic(each))),
  )
  const credentials = union<Authenticator>(
    ...(requestHeader === undefined ? [] : [agnostic(requestHeader)]),
    ...(passwords.length === 0 ? [] : [basic(agnostic(union<PasswordAuthenticator>(...passwords)))]),
    ...(clientCertificate === undefined ? [] : [clientCertificate]),
    ...requests.map(agnostic),
    ...(options.tokens === 'ignored' || dpop?.required === true
      ? []
      : [bearerToken(allTokens), webSocketProtocol(allTokens)]),
    ...(dpop === undefined ? [] : [dpop.authenticator(allTokens)]),
  )
  const { conditions } = anonymousConfig
  const everybodyKnown = authenticatedGroup(credentials)
  const chain = anonymousConfig.enabled
    ? failFast(everybodyKnown, anonymous(conditions === undefined ? {} : { conditions }))
    : everybodyKnown
  const trustedOrigins = [...(chain.credentials?.trustedOrigins ?? []), ...(options.trustedOrigins ?? [])]
  return {
    ...chain,
    name: 'chain',
    ...(trustedOrigins.length > 0 && { credentials: { schemes: [], ...chain.credentials, trustedOrigins } }),
    ...(audiences !== undefined && { audiences }),
  }
}
