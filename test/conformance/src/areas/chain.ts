import type { AnonymousConfig } from '@kube-authn/core/internal'
import {
  type Authenticator,
  authenticatorChain,
  ConfigurationError,
  type TokenAuthenticator,
  unavailable,
  union,
} from '@kube-authn/core'
import { clientCertificate, requestHeader } from '@kube-authn/core/client-certificate'
import { cached } from '@kube-authn/core/remote'
import { tokenFile } from '@kube-authn/core/token-file'
import { type Behaviour, outcomeOf } from '../behaviour.ts'
import { type Certificates, derOf, pemOf } from '../certificates.ts'
import { wholeChain } from './chain-order.ts'
import { headersAfter, requestOf } from '../requests.ts'
import { type HeaderPair, NotUnderstood, type UnitRunner } from '../vector.ts'
import { BEHAVIOUR, ERROR, type Fields, reading, USER } from '../reading.ts'

/** The settings of a chain as vectors have them. */
interface ChainSettings {
  readonly request_header?: {
    readonly ca: readonly string[]
    readonly allowed_names: readonly string[]
    readonly username_headers: readonly string[]
    readonly uid_headers?: readonly string[]
    readonly group_headers: readonly string[]
    readonly extra_prefixes: readonly string[]
  } | null
  readonly client_ca?: readonly string[] | null
  readonly token_file_csv?: string | null
  readonly webhook_stub?: Readonly<Record<string, Behaviour>> | null
  readonly outer_cache?: {
    readonly success_ttl_s: number
    readonly failure_ttl_s: number
    readonly cache_errors: boolean
  } | null
  readonly api_audiences?: readonly string[]
  readonly anonymous?: AnonymousConfig | null
}

const CHAIN: Fields = [
  'base client_ca token_file_csv api_audiences',
  {
    request_header: 'ca allowed_names username_headers uid_headers group_headers extra_prefixes',
    webhook_stub: ['', { '*': BEHAVIOUR }],
    outer_cache: 'success_ttl_s failure_ttl_s cache_errors',
    anonymous: ['enabled', { conditions: 'path' }],
  },
]

/** Area A: whole chains. `std` is the base of the other chains. */
export function chains(std: ChainSettings, certificates: Certificates): Readonly<Record<string, UnitRunner>> {
  return {
    chain: reading(
      {
        given: ['url headers peer_certs requested_audiences', { chain: CHAIN }],
        expect: ['outcome audiences headers_after text_contains', { user: USER, error: ERROR }],
      },
      async ({ given }) => {
        const { base, ...overrides } = given['chain'] as ChainSettings & { readonly base?: string }
        const settings = base === '@std' ? { ...std, ...overrides } : overrides
        const headers = (given['headers'] ?? []) as readonly HeaderPair[]

        const requested = given['requested_audiences'] as readonly string[] | null | undefined
        const context = requested === null || requested === undefined ? {} : { audiences: requested }
        const request = requestOf({
          url: String(given['url']),
          headers,
          peerCertificates: derOf(certificates, (given['peer_certs'] ?? []) as readonly string[]),
        })
        let chain: Authenticator
        try {
          chain = build(settings, certificates)
        } catch (error) {
          if (error instanceof ConfigurationError)
            return { outcome: 'load-error', text_contains: error.message }
          throw error
        }
        const outcome = await outcomeOf(() => chain.authenticate(request, context))
        return { ...outcome, headers_after: headersAfter(headers, outcome.authentication?.consumed) }
      },
    ),

    'chain.order': reading({ given: 'all_enabled', expect: 'order token_order wrap' }, ({ given }) => {
      if (given['all_enabled'] !== true) return Promise.reject(new NotUnderstood('given.all_enabled'))
      return wholeChain()
    }),
  }
}

function build(settings: ChainSettings, certificates: Certificates): Authenticator {
  const {
    token_file_csv: csv,
    webhook_stub: stub,
    outer_cache: cache,
    api_audiences: audiences = [],
  } = settings
  const tokens = [
    ...(typeof csv === 'string' ? [tokenFile(csv)] : []),
    ...(stub === null || stub === undefined ? [] : [webhookStub(stub)]),
  ]
  const all = union<TokenAuthenticator>(...tokens)
  const { request_header: proxy, client_ca: clientCa } = settings
  return authenticatorChain({
    ...(proxy && {
      requestHeader: requestHeader({
        ca: pemOf(certificates, proxy.ca),
        ...(proxy.allowed_names.length > 0
          ? { allowedNames: proxy.allowed_names }
          : { allowAnyProxyName: true }),
        usernameHeaders: proxy.username_headers,
        uidHeaders: proxy.uid_headers ?? [],
        groupHeaders: proxy.group_headers,
        extraHeaderPrefixes: proxy.extra_prefixes,
      }),
    }),
    ...(clientCa && { clientCertificate: clientCertificate({ ca: pemOf(certificates, clientCa) }) }),
    tokens:
      cache === null || cache === undefined
        ? tokens
        : [
            cached(all, {
              successTtlSeconds: cache.success_ttl_s,
              failureTtlSeconds: cache.failure_ttl_s,
              cacheErrors: cache.cache_errors,
            }),
          ],
    ...(settings.anonymous !== null && settings.anonymous !== undefined && { anonymous: settings.anonymous }),
    ...(audiences.length > 0 && { audiences }),
  })
}

function webhookStub(stub: Readonly<Record<string, Behaviour>>): TokenAuthenticator {
  return {
    name: 'webhookStub',
    authenticateToken(token) {
      const behaviour = stub[token] ?? stub['*']
      if (behaviour?.returns === 'error') throw unavailable(behaviour.text ?? '')
      return undefined
    },
  }
}
