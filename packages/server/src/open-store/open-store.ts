import { type Authorizer, privilegedGroups, unionAuthorizer } from '@kube-authn/core/authorization'
import { aBoolean, checkOptions, type OptionsShape } from '@kube-authn/core/adapter'
import { atLeast, defined, without } from '@kube-authn/core/internal'
import { type TokenIssuer, tokenIssuer } from '@kube-authn/issuer'
import { closeAll } from '@kube-authn/internal/close-all'
import type { ObjectStore } from '@kube-authn/store'
import { storeCacheShape, storeClock, type StoreCacheOptions } from '@kube-authn/store/internal'
import type { RunningControllers } from '../controllers/loop/controller-loop.ts'
import { runControllers, type RunControllersOptions } from '../controllers/run-controllers.ts'
import { credentialObjects } from '../credentials/credential-objects.ts'
import { storedBootstrapTokens, type StoredBootstrapTokens } from '../credentials/stored-bootstrap-tokens.ts'
import { storedServiceAccounts, type StoredServiceAccounts } from '../credentials/stored-service-accounts.ts'
import { storedRbac, type StoredRbac } from '../rbac/stored-rbac.ts'
import { writeBootstrapPolicy } from '../rbac/write-bootstrap-policy.ts'
import { revocations, type RevocationsOptions, type StoredRevocations } from '../revocations/revocations.ts'

/** Options of {@link openStore}: how old what it keeps in memory may be, and what is called with errors. */
export interface OpenStoreOptions
  extends Omit<StoreCacheOptions, 'store'>, Pick<RevocationsOptions, 'clockSkewSeconds'> {
  /** Whether the roles that every cluster has are written, as a kube-apiserver does when it starts. An app that only reads the store of a server says `false`. Default `true`. */
  readonly bootstrapPolicy?: boolean
}

/** Options of a token issuer over a store: those of `tokenIssuer`, without its objects. */
export type StoredTokenIssuerOptions = Omit<Parameters<typeof tokenIssuer>[0], 'objects'>

/** Options of the controllers over a store: those of `runControllers`, without the store. */
export type StoredControllersOptions = Omit<RunControllersOptions, 'store'>

/** What an API server has in its store, and an app that shares it. */
export interface OpenedStore {
  /** For `apiServer` and `kubernetesApi`: the store, and the copies that learn at once what these write. */
  readonly served: {
    readonly store: ObjectStore
    readonly rbac: StoredRbac
    readonly revocations: StoredRevocations
    readonly serviceAccounts: StoredServiceAccounts
    readonly bootstrapTokens: StoredBootstrapTokens
  }
  /** For the authenticators of service account tokens: their option `objects`. */
  readonly serviceAccounts: StoredServiceAccounts
  /** For the authenticator of bootstrap tokens. */
  readonly bootstrapTokens: StoredBootstrapTokens
  /** For every authenticator: what was revoked is refused. */
  readonly revocations: StoredRevocations
  /** The roles and bindings in the store. */
  readonly rbac: StoredRbac
  /** As of a kube-apiserver: `system:masters` may do everything, everyone else what the roles allow. */
  readonly authorizer: Authorizer
  /** Issues tokens for the service accounts in the store. @throws {ConfigurationError} */
  tokenIssuer(this: void, options: StoredTokenIssuerOptions): TokenIssuer
  /** Runs the controllers over the store until it is closed. @throws {ConfigurationError} */
  runControllers(this: void, options?: StoredControllersOptions): RunningControllers
  /** Ends the controllers, and stops following the store, which stays open. */
  close(this: void): Promise<void>
  /** The same as `close`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void>
}

const shape: OptionsShape<OpenStoreOptions> = {
  ...without(storeCacheShape, 'store'),
  bootstrapPolicy: aBoolean,
  clockSkewSeconds: atLeast(0),
}

/**
 * Opens a store for an API server in your process, or for an app that shares the store of `kube-authn serve`: writes the roles that every cluster has, reads roles,
 * revocations, service accounts and bootstrap tokens into memory, and follows their changes.
 *
 * Source: kubernetes `pkg/controlplane/instance.go`, `cmd/kube-controller-manager`.
 *
 * @throws {ConfigurationError} if an option is invalid.
 * @throws {StoreError} if the store cannot be read or written.
 * @example
 * const cluster = await openStore(memoryObjectStore(), { onError: console.error })
 * const authenticator = createAuthenticator({ tokenFile: 'tokens.csv', revocations: cluster.revocations })
 * const api = await apiServer({ ...cluster.served, authenticator, authorizer: cluster.authorizer })
 * cluster.runControllers()
 */
export async function openStore(store: ObjectStore, options: OpenStoreOptions = {}): Promise<OpenedStore> {
  checkOptions(shape, options)
  const { bootstrapPolicy = true, clockSkewSeconds, ...copying } = options
  const copied = { ...copying, store }
  if (bootstrapPolicy) await writeBootstrapPolicy({ store })
  const [rbac, revoked, serviceAccounts, bootstrapTokens] = await Promise.all([
    storedRbac(copied),
    revocations({ ...copied, ...defined({ clockSkewSeconds }) }),
    storedServiceAccounts(copied),
    storedBootstrapTokens(copied),
  ])
  const copies = [rbac, revoked, serviceAccounts, bootstrapTokens]
  const { onError, clock = storeClock(store) } = copying
  const running: RunningControllers[] = []
  const close = async (): Promise<void> => {
    try {
      await closeAll(running)
    } finally {
      await closeAll(copies)
    }
  }
  return {
    served: { store, rbac, revocations: revoked, serviceAccounts, bootstrapTokens },
    serviceAccounts,
    bootstrapTokens,
    revocations: revoked,
    rbac,
    authorizer: unionAuthorizer(privilegedGroups('system:masters'), rbac),
    // Replicas whose clocks differ agree on when a token was issued, and an account that another replica has just created is there.
    tokenIssuer: (given) =>
      tokenIssuer({ clock, ...given, objects: credentialObjects(store).serviceAccounts }),
    runControllers(given = {}) {
      const controllers = runControllers({ ...(onError !== undefined && { onError }), ...given, store })
      running.push(controllers)
      return controllers
    },
    close,
    [Symbol.asyncDispose]: close,
  }
}
