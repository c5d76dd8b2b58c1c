import type { Observer } from '@kube-authn/core'
import { isConfigurationError, messageOf, systemClock } from '@kube-authn/core/internal'
import { forwardAuthentication } from '@kube-authn/core/forward-authentication'
import { metrics } from '@kube-authn/metrics'
import type { KeySource } from '@kube-authn/core/service-account'
import { issuerDiscovery, type TokenIssuer } from '@kube-authn/issuer'
import type { NodeAuthenticator, NodeAuthorizer } from '@kube-authn/node'
import { type OpenedStore, openStore } from '../../open-store/open-store.ts'
import type { ApiServer, ServedDocuments } from '../../server/api-server-options.ts'
import { apiServer } from '../../server/api-server.ts'
import { forwardListener } from '../../server/forward-listener.ts'
import type { ObjectStore } from '@kube-authn/store'
import { storeClock } from '@kube-authn/store/internal'
import { openAudit, openAuthenticator, openAuthorizer } from './access.ts'
import type { Closers } from './closers.ts'
import { FORWARD_FLAGS } from './flags/forward-flags.ts'
import { inTermsOfFlags } from './in-terms-of-flags.ts'
import type { OwnMaterial } from './material/own-material.ts'
import type { Log } from './server-log.ts'
import { type ServiceAccountKeys, serviceAccountKeys } from './service-account-keys.ts'
import type { ForwardSettings, LimitSettings, ServeSettings, ServiceAccountSettings } from './settings.ts'

/** The API without its sockets. */
export interface OpenApi {
  readonly api: ApiServer
  readonly keys: ServiceAccountKeys
  readonly authorizer: NodeAuthorizer
  readonly stored: OpenedStore
  /** Counts what happens besides requests. */
  readonly observer: Observer
  /** Tells by which host and port clients reach it, which is part of the documents of the issuer. */
  reachedAt(this: void, address: string): void
}

/**
 * Opens everything between a socket and the store.
 *
 * @throws {ConfigurationError | Failure} if a flag or a file cannot be used.
 */
export async function openApi(
  settings: ServeSettings,
  store: ObjectStore,
  { authority, signingKey }: OwnMaterial,
  opened: Closers,
  log: Log,
): Promise<OpenApi> {
  const keys = await serviceAccountKeys(settings.serviceAccounts, signingKey)
  opened.add(() => keys.close())
  const stored = await openStore(store, {
    onError: (error) => log({ level: 'error', message: messageOf(error, 'the store cannot be followed') }),
  })
  opened.add(() => stored.close())
  const audit = await openAudit(settings)
  opened.add(() => audit.close())
  const clock = storeClock(store)
  const parts = { authority, keyFiles: keys.keyFiles, stored, log, clock }
  const authenticator = await openAuthenticator(settings, parts)
  opened.add(() => authenticator.close())
  const authorizer = await openAuthorizer(settings, parts)
  opened.add(() => authorizer.close())

  const counted = metrics()
  const reached: { address?: string } = {}
  const api = await apiServer({
    ...stored.served,
    authenticator,
    authorizer,
    tokens: authenticator.tokens,
    tokenIssuer: issuerOfTokens(settings, keys, stored, authenticator.audiences),
    issuerDiscovery: issuerDocuments(settings.serviceAccounts, keys.keys, () => reached.address, log),
    audit: audit.observer,
    metrics: counted,
    log,
    strict: settings.strict,
    ...(settings.alwaysAllowPaths !== undefined && { alwaysAllowPaths: settings.alwaysAllowPaths }),
    ...settings.limits,
  })
  const { forward } = settings
  return {
    api:
      forward === undefined ? api : forwarding(forward, settings.limits, authenticator, authorizer, api, log),
    keys,
    authorizer,
    stored,
    observer: counted.observer,
    reachedAt(address) {
      reached.address = address
    },
  }
}

function forwarding(
  { authorizes, ...options }: ForwardSettings,
  limits: LimitSettings,
  authenticator: NodeAuthenticator,
  authorizer: NodeAuthorizer,
  api: ApiServer,
  log: Log,
): ApiServer {
  const decide = inTermsOfFlags(FORWARD_FLAGS, () =>
    forwardAuthentication(authenticator, {
      ...options,
      impersonation: authorizer,
      ...(authorizes && { authorizer }),
      log,
    }),
  )
  return forwardListener({ path: '/authenticate', decide, api, clock: systemClock, ...limits })
}

function issuerOfTokens(
  { serviceAccounts: { issuers, maxExpirationSeconds, extendExpiration } }: ServeSettings,
  { signing }: ServiceAccountKeys,
  stored: OpenedStore,
  audiences: readonly string[] | undefined,
): TokenIssuer {
  return stored.tokenIssuer({
    ...signing,
    issuer: issuers[0],
    extendExpiration,
    ...(audiences !== undefined && { audiences }),
    ...(maxExpirationSeconds !== undefined && { maxExpirationSeconds }),
  })
}

/**
 * The discovery documents of the issuer of tokens. An issuer without a valid document can issue tokens nevertheless, as in Kubernetes; the log says why there is
 * none.
 *
 * @param address host and port for clients; `undefined` until the port is known.
 */
function issuerDocuments(
  { issuers: [issuer], jwksUri }: ServiceAccountSettings,
  keys: KeySource,
  address: () => string | undefined,
  log: Log,
): ServedDocuments {
  let documents: ServedDocuments | undefined
  const make = (externalAddress: string): ServedDocuments => {
    try {
      return issuerDiscovery({ issuer, keys, externalAddress, ...(jwksUri !== undefined && { jwksUri }) })
    } catch (error) {
      if (!isConfigurationError(error)) throw error
      log({ level: 'warn', message: `the issuer of tokens has no discovery document: ${error.message}` })
      return { documentAt: () => undefined }
    }
  }
  return {
    documentAt(path) {
      const externalAddress = address()
      if (externalAddress !== undefined) documents ??= make(externalAddress)
      return documents?.documentAt(path)
    },
  }
}
