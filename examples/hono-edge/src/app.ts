import { type Authenticator, authenticatorChain } from '@kube-authn/core'
import type { GetFetch } from '@kube-authn/core/oidc'
import { rbac, rbacPolicy } from '@kube-authn/core/authorization'
import { tokenFile } from '@kube-authn/core/token-file'
import { authentication, authorization, impersonation } from '@kube-authn/hono'
import { type Context, Hono } from 'hono'
import type { Settings } from './settings.ts'
import { oidcTokens, serviceAccountTokens } from './tokens.ts'

/** The parts of the app. */
export interface AppOptions {
  readonly settings: Settings
  /** The roles and bindings for requests and impersonation, as `kubectl` takes them. */
  readonly manifest: object
  /** Authenticates client certificates, if the runtime provides them. */
  readonly clientCertificate?: Authenticator
  /** Fetches the keys of issuers. Default: the runtime's `fetch`. */
  readonly fetch?: GetFetch
}

/**
 * An app that requires authentication, except for `/healthz`. It uses the Fetch API only.
 *
 * @throws {ConfigurationError} if a setting is invalid.
 */
export function createApp({ settings, manifest, clientCertificate, ...rest }: AppOptions) {
  const { TOKENS_CSV, OIDC_ISSUER, SERVICE_ACCOUNT_ISSUER } = settings
  const audience = settings.AUDIENCE ?? ''
  const authenticator = authenticatorChain({
    ...(clientCertificate !== undefined && { clientCertificate }),
    tokens: [
      ...(isSet(TOKENS_CSV) ? [tokenFile(TOKENS_CSV, { source: 'TOKENS_CSV' })] : []),
      ...(isSet(OIDC_ISSUER) ? [oidcTokens({ url: OIDC_ISSUER, audience, ...rest })] : []),
      ...(isSet(SERVICE_ACCOUNT_ISSUER)
        ? [serviceAccountTokens({ url: SERVICE_ACCOUNT_ISSUER, audience, ...rest })]
        : []),
    ],
    anonymous: { enabled: true, conditions: [{ path: '/healthz' }] },
  })
  const policy = rbac(rbacPolicy([manifest]))
  const attributes = (c: Context) => ({ verb: 'get', resource: 'nodes', name: c.req.param('name') ?? '' })

  return new Hono()
    .use(authentication(authenticator))
    .use(impersonation(policy))
    .get('/healthz', (c) => c.text('ok'))
    .get('/whoami', (c) => {
      const { username, groups } = c.var.user
      return c.json({ username, groups })
    })
    .get('/nodes/:name', authorization(policy, { attributes }), (c) => {
      const { user, requester } = c.var.authentication
      return c.json({ node: c.req.param('name'), user: user.username, requester: requester?.username })
    })
}

function isSet(setting: string | null | undefined): setting is string {
  return setting !== undefined && setting !== null && setting !== ''
}
