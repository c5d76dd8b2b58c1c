import { createAuthenticator, type NodeAuthenticator, verificationKeysAt } from '@kube-authn/node'
import { revocations, storedServiceAccounts } from '@kube-authn/server'
import { postgresObjectStore } from '@kube-authn/store/postgres'

/** Options of {@link storedChain}. */
export interface StoredChainOptions {
  /** The URL of the database that the API servers have. */
  readonly store: string
  readonly tokenFile: string
  /** The public key of tokens of service accounts. */
  readonly serviceAccountKeyFile: string
  readonly issuer: string
}

/**
 * A chain over the same store as the API servers: their service accounts and their revocations count here, too, from copies in memory that follow the store.
 *
 * While the database is away, the copies are used for 30 seconds, and then service accounts are unavailable. The static token stays valid for an hour, so that an operator can still get in; a
 * revocation of it would not arrive in this time.
 */
export async function storedChain(options: StoredChainOptions): Promise<NodeAuthenticator> {
  const { store: connectionString, tokenFile, serviceAccountKeyFile, issuer } = options
  const keys = await verificationKeysAt([serviceAccountKeyFile])
  const store = await postgresObjectStore({ connectionString })
  return createAuthenticator({
    tokenFile,
    serviceAccounts: {
      issuers: [issuer],
      keys: keys.current,
      objects: await storedServiceAccounts({ store }),
    },
    revocations: await revocations({ store, maxStalenessSeconds: 3600 }),
  })
}
