import { messageOf } from '@kube-authn/core/internal'
import {
  storedBootstrapTokens,
  type StoredBootstrapTokens,
} from '../../credentials/stored-bootstrap-tokens.ts'
import {
  storedServiceAccounts,
  type StoredServiceAccounts,
} from '../../credentials/stored-service-accounts.ts'
import { storedRbac, type StoredRbac } from '../../rbac/stored-rbac.ts'
import { writeBootstrapPolicy } from '../../rbac/write-bootstrap-policy.ts'
import { revocations, type StoredRevocations } from '../../revocations/revocations.ts'
import type { ObjectStore } from '@kube-authn/store'
import type { Log } from './server-log.ts'

/** Copies of what authentication and authorization read in the store. */
export interface StoredAccess {
  readonly roles: StoredRbac
  readonly revocations: StoredRevocations
  readonly serviceAccounts: StoredServiceAccounts
  readonly bootstrapTokens: StoredBootstrapTokens
  close(): void
}

/** Writes the roles that every cluster has, reads everything, and follows its changes. */
export async function storedAccess(store: ObjectStore, log: Log): Promise<StoredAccess> {
  await writeBootstrapPolicy({ store })
  const options = {
    store,
    onError: (error: unknown) =>
      log({ level: 'error', message: messageOf(error, 'the store cannot be followed') }),
  }
  const [roles, revoked, serviceAccounts, bootstrapTokens] = await Promise.all([
    storedRbac(options),
    revocations(options),
    storedServiceAccounts(options),
    storedBootstrapTokens(options),
  ])
  const all = [roles, revoked, serviceAccounts, bootstrapTokens]
  return {
    roles,
    revocations: revoked,
    serviceAccounts,
    bootstrapTokens,
    close() {
      for (const each of all) each.close()
    },
  }
}
