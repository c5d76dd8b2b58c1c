import * as oauth from 'oauth4webapi'
import type { Clock } from '@kube-authn/core'
import { systemClock } from '@kube-authn/core/internal'
import { sharedOutcome } from '../sessions/shared-refresh.ts'
import { boundedFetch, type BoundedFetch, type LoginFetch } from './bounded-fetch.ts'
import { providerStep } from './failures.ts'
import type { LoginProvider } from './options.ts'

export interface ProviderSettings {
  readonly redirectUri: string
  readonly fetch: LoginFetch
  readonly clock: Clock
  readonly timeoutSeconds: number
}

export interface Provider extends ProviderSettings {
  readonly name: string
  readonly label: string
  readonly options: LoginProvider
  /** The metadata of the provider. @throws {LoginFailure} if it cannot be had. */
  readonly server: () => Promise<oauth.AuthorizationServer>
  /** This app as a client, with its clock. */
  readonly client: () => oauth.Client
  readonly authentication: (server: oauth.AuthorizationServer) => oauth.ClientAuth
  /** The options of every call. */
  readonly call: { readonly [oauth.customFetch]: BoundedFetch }
}

/** The name of a provider that has none. */
export const DEFAULT_NAME = 'default'

/** Prepares a provider. Nothing is sent before the first login. */
export function openProvider(options: LoginProvider, settings: ProviderSettings): Provider {
  const { clock, timeoutSeconds } = settings
  const { issuer, clientId, signingAlgorithms, fetch = settings.fetch } = options
  const call = { [oauth.customFetch]: boundedFetch(fetch, clock, timeoutSeconds) }
  const url = new URL(issuer)
  return {
    ...settings,
    name: options.name ?? DEFAULT_NAME,
    label: options.label ?? url.host,
    options,
    fetch,
    call,
    server: discovery(clock, timeoutSeconds, () =>
      providerStep(issuer, async () => {
        const response = await oauth.discoveryRequest(url, { ...call, algorithm: 'oidc' })
        const server = await oauth.processDiscoveryResponse(url, response)
        if (signingAlgorithms === undefined) return server
        // Those of the app, in place of those that the provider offers to all its clients.
        return { ...server, id_token_signing_alg_values_supported: [...signingAlgorithms] }
      }),
    ),
    client: () => ({
      client_id: clientId,
      [oauth.clockSkew]: Math.round((clock.now() - systemClock.now()) / 1000),
      [oauth.clockTolerance]: CLOCK_TOLERANCE_SECONDS,
    }),
    authentication: (server) => clientAuthentication(options, server),
  }
}

const FRESH_MS = 3_600_000
/** How long after a failure stale metadata is used without another attempt. */
const RETRY_MS = 30_000

/** Reads metadata when it is first needed and again every hour. Concurrent callers share one request. If a later request fails, the old metadata stays. */
function discovery(
  clock: Clock,
  timeoutSeconds: number,
  load: () => Promise<oauth.AuthorizationServer>,
): () => Promise<oauth.AuthorizationServer> {
  let known: oauth.AuthorizationServer | undefined
  let freshUntilMs = -Infinity
  const share = sharedOutcome<oauth.AuthorizationServer>(clock, timeoutSeconds * 1000)

  const refresh = async (): Promise<oauth.AuthorizationServer> => {
    try {
      known = await load()
      freshUntilMs = clock.now() + FRESH_MS
    } catch (error) {
      if (known === undefined) throw error
      freshUntilMs = clock.now() + RETRY_MS
    }
    return known
  }

  return async () => (known !== undefined && clock.now() < freshUntilMs ? known : share('metadata', refresh))
}

/** How far the clock of a provider may differ. */
const CLOCK_TOLERANCE_SECONDS = 60

/** Source: RFC 6749 section 2.3.1, RFC 7523 section 2.2, RFC 8414 section 2 (`token_endpoint_auth_methods_supported`). */
function clientAuthentication(
  { clientSecret, clientAssertion, clientAuthentication: chosen }: LoginProvider,
  server: oauth.AuthorizationServer,
): oauth.ClientAuth {
  if (clientAssertion !== undefined) {
    return async (_server, { client_id: clientId }, body) => {
      body.set('client_id', clientId)
      body.set('client_assertion_type', 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer')
      body.set('client_assertion', await clientAssertion())
    }
  }
  if (clientSecret === undefined) return oauth.None()
  const methods = server.token_endpoint_auth_methods_supported ?? ['client_secret_basic']
  const isBasic = chosen === undefined ? methods.includes('client_secret_basic') : chosen === 'basic'
  return async (...given) => {
    const secret = typeof clientSecret === 'function' ? await clientSecret() : clientSecret
    const authenticate = isBasic ? oauth.ClientSecretBasic(secret) : oauth.ClientSecretPost(secret)
    await authenticate(...given)
  }
}
