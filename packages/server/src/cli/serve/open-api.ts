import type { AuthenticationEvent, Clock, Observer } from '@kube-authn/core'
import type { Authorizer } from '@kube-authn/core/authorization'
import { clientCertificate } from '@kube-authn/core/client-certificate'
import { defined, isConfigurationError, messageOf, systemClock } from '@kube-authn/core/internal'
import { forwardAuthentication } from '@kube-authn/api/forward-authentication'
import type { KeySource } from '@kube-authn/core/service-account'
import { metrics } from '@kube-authn/metrics'
import { issuerDiscovery } from '@kube-authn/issuer'
import type { NodeAuthenticator, NodeAuthorizer } from '@kube-authn/node'
import { auditFromFlags, authenticatorFromFlags, authorizerFromFlags } from '@kube-authn/node/flags'
import { AUDIT_FLAGS, type ParsedFlags } from '@kube-authn/node/internal'
import { type ObjectStore, observeStore } from '@kube-authn/store'
import { storeClock } from '@kube-authn/store/internal'
import { type OpenedStore, openStore } from '../../open-store/open-store.ts'
import type { ApiServer, ServedDocuments } from '../../server/api-server-options.ts'
import { openApiServer } from '../../server/api-server.ts'
import { forwardListener } from '../../server/forward-listener.ts'
import { givenFlags } from './flags/flag-table.ts'
import { inTermsOfFlags, shutdownSettings } from './flags/listen-flags.ts'
import { authenticationFlags, authorizationFlags, issuersOf } from './flags/serve-flags.ts'
import { FORWARD_FLAGS, forwardOptions } from './flags/serving-problems.ts'
import type { OwnAuthority } from './material/own-authority.ts'
import type { OwnMaterial } from './material/own-material.ts'
import { type Log, type OnClose, recoveryLog } from './running.ts'
import { type ServiceAccountKeys, serviceAccountKeys } from './service-account-keys.ts'

/** The API without its sockets. */
export interface OpenApi {
  readonly api: Pick<ApiServer, 'listener' | 'close'>
  readonly keys: ServiceAccountKeys
  readonly authorizer: NodeAuthorizer
  readonly stored: OpenedStore
  /** Writes the audit log. */
  readonly audit: Observer
  /** Counts what happens besides requests. */
  readonly observer: Observer
  /** Tells by which host and port clients reach it, which is part of the documents of the issuer. */
  reachedAt(this: void, address: string): void
}

/** Opens everything between a socket and the store. @throws {ConfigurationError | Failure} if a flag or a file cannot be used. */
export async function openApi(
  flags: ParsedFlags,
  given: ObjectStore,
  { authority, signingKey }: OwnMaterial,
  onClose: OnClose,
  log: Log,
): Promise<OpenApi> {
  const keys = await serviceAccountKeys(flags, signingKey)
  onClose(() => keys.close())
  const counted = metrics()
  const { observer } = counted
  const store = observeStore(given, { observer })
  const clockSkewSeconds = flags.seconds('clock-skew')
  const stored = await openStore(store, {
    clockSkewSeconds,
    onError: (error) => log({ level: 'error', message: messageOf(error, 'the store cannot be followed') }),
    observer: recoveryLog(observer, log),
  })
  onClose(stored.close)
  const audit = await auditFromFlags(givenFlags(flags, AUDIT_FLAGS), { observer })
  onClose(() => audit.close())
  const clock = storeClock(store)
  const parts = { authority, keyFiles: keys.keyFiles, stored, log, clock, observer }
  const authenticator = await openAuthenticator(flags, parts)
  onClose(() => authenticator.close())
  const authorizer = await openAuthorizer(flags, stored.rbac, observer)
  onClose(() => authorizer.close())

  const maxExpirationSeconds = flags.seconds('service-account-max-token-expiration')
  const tokenIssuer = stored.tokenIssuer({
    ...keys.signing,
    issuer: issuersOf(flags)[0],
    extendExpiration: flags.boolean('service-account-extend-token-expiration'),
    ...(maxExpirationSeconds > 0 && { maxExpirationSeconds }),
    ...defined({ audiences: authenticator.audiences }),
  })
  const reached: { address?: string } = {}
  const api = await openApiServer({
    ...stored.served,
    authenticator,
    authorizer,
    tokens: authenticator.tokens,
    tokenIssuer,
    issuerDiscovery: issuerDocuments(flags, keys.keys, () => reached.address, log),
    audit: audit.observer,
    metrics: counted,
    log,
    strict: flags.boolean('strict'),
    kubernetesVersion: flags.release(),
    maxObjectsPerNamespace: flags.number('max-objects-per-namespace'),
    clockSkewSeconds,
    observer(event) {
      if (event.type === 'objectQuota' && event.isNew) logQuota(event, log)
    },
    ...(flags.isGiven(ALWAYS_ALLOWED) && { alwaysAllowPaths: flags.list(ALWAYS_ALLOWED) }),
    ...limitsOf(flags),
  })
  const forward = forwardOptions(flags)
  return {
    api: {
      close: api.close,
      listener:
        forward === undefined
          ? api.listener
          : forwarding(forward, flags, authenticator, authorizer, api, log),
    },
    keys,
    authorizer,
    stored,
    audit: audit.observer,
    observer,
    reachedAt(address) {
      reached.address = address
    },
  }
}

type ObjectQuotaEvent = Extract<AuthenticationEvent, { readonly type: 'objectQuota' }>

function logQuota({ resource, namespace, status, used, limit }: ObjectQuotaEvent, log: Log): void {
  const many = `the namespace ${namespace} has ${used} of at most ${limit} ${resource}`
  const then = status === 'exceeded' ? ': further ones are refused' : ''
  log({ level: 'warn', message: `${many} (--max-objects-per-namespace)${then}` })
}

const ALWAYS_ALLOWED = 'authorization-always-allow-paths'

function limitsOf(flags: ParsedFlags) {
  return {
    maxRequestsInFlight: flags.number('max-requests-inflight'),
    maxMutatingRequestsInFlight: flags.number('max-mutating-requests-inflight'),
    requestTimeoutSeconds: flags.seconds('request-timeout'),
    ...shutdownSettings(flags),
  }
}

/** What decides about requests besides the flags. */
interface AccessParts {
  readonly authority: OwnAuthority
  /** The files with the keys that verify tokens; empty if a signer outside has them. */
  readonly keyFiles: readonly string[]
  /** What credentials refer to. */
  readonly stored: OpenedStore
  readonly log: Log
  /** That of the store: all replicas agree on when a credential is over. */
  readonly clock: Clock
  /** Counts calls, keys and reloads. */
  readonly observer: Observer
}

/** Anonymous requests, where nothing else is said: enough for a probe. */
export const HEALTH_ONLY = {
  enabled: true,
  conditions: [{ path: '/healthz' }, { path: '/livez' }, { path: '/readyz' }],
} as const

/**
 * The authenticator of the flags. A client certificate of the own CA is accepted, also if `--client-ca-file` names another CA: it is that of the
 * kubeconfig in the data folder.
 *
 * Deviation: anonymous requests are limited to health paths by default, and the own CA is accepted (`docs/deviations.md`, anonymous in serve; own CA).
 *
 * @throws {ConfigurationError} with every problem of the flags and their files.
 */
function openAuthenticator(
  flags: ParsedFlags,
  { authority, keyFiles, stored, log, clock, observer }: AccessParts,
): Promise<NodeAuthenticator> {
  const isOther = flags.optional('client-ca-file') !== undefined
  return authenticatorFromFlags(authenticatorArgv(flags, authority, keyFiles), {
    serviceAccountObjects: stored.serviceAccounts,
    bootstrapTokens: stored.bootstrapTokens,
    revocations: stored.revocations,
    anonymous: HEALTH_ONLY,
    requests: isOther ? [clientCertificate({ ca: authority.pem, clock })] : [],
    observer,
    log,
    clock,
  })
}

/** The flags of the authenticator, with what the data folder adds. @param own the own CA, if there is one. */
export function authenticatorArgv(
  flags: ParsedFlags,
  own: Pick<OwnAuthority, 'certFile'> | undefined,
  keyFiles: readonly string[],
): readonly string[] {
  const clientCAFile = flags.optional('client-ca-file') ?? own?.certFile
  return [
    ...(clientCAFile === undefined ? [] : [`--client-ca-file=${clientCAFile}`]),
    ...issuersOf(flags).map((issuer) => `--service-account-issuer=${issuer}`),
    ...keyFiles.map((file) => `--service-account-key-file=${file}`),
    // The default of --anonymous-auth depends on it.
    ...authorizationFlags(flags),
    ...authenticationFlags(flags),
  ]
}

/**
 * The authorizer of the flags. Without the mode RBAC it would refuse the roles as useless; a file may name RBAC.
 *
 * @throws {ConfigurationError} with every problem of the flags and their files.
 */
export function openAuthorizer(
  flags: ParsedFlags,
  rbac: Authorizer,
  observer?: Observer,
): Promise<NodeAuthorizer> {
  const argv = authorizationFlags(flags)
  const usesRoles = argv.some((flag) => /^--authorization-(?:config=|mode=.*RBAC)/.test(flag))
  return authorizerFromFlags(argv, { ...(usesRoles && { rbac }), ...defined({ observer }) })
}

function forwarding(
  options: NonNullable<ReturnType<typeof forwardOptions>>,
  flags: ParsedFlags,
  authenticator: NodeAuthenticator,
  authorizer: NodeAuthorizer,
  { listener, life }: Awaited<ReturnType<typeof openApiServer>>,
  log: Log,
): ApiServer['listener'] {
  const decide = inTermsOfFlags(FORWARD_FLAGS, () =>
    forwardAuthentication(authenticator, {
      ...options,
      impersonation: authorizer,
      ...(flags.boolean('forward-auth-authorize') && { authorizer }),
      log,
    }),
  )
  const parts = { path: '/authenticate', decide, api: listener, life, clock: systemClock }
  return forwardListener({ ...parts, ...limitsOf(flags) })
}

/**
 * The discovery documents of the issuer of tokens. An issuer without a valid document can issue tokens nevertheless, as in Kubernetes; the log says why there is
 * none.
 *
 * @param address host and port for clients; `undefined` until the port is known.
 */
function issuerDocuments(
  flags: ParsedFlags,
  keys: KeySource,
  address: () => string | undefined,
  log: Log,
): ServedDocuments {
  const [issuer] = issuersOf(flags)
  const jwksUri = flags.optional('service-account-jwks-uri')
  let documents: ServedDocuments | undefined
  const make = (externalAddress: string): ServedDocuments => {
    try {
      return issuerDiscovery({ issuer, keys, externalAddress, ...defined({ jwksUri }) })
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
