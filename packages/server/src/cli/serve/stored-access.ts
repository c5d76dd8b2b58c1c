import { messageOf } from '@kube-authn/core/internal'
import { type CredentialObjects, credentialObjects } from '../../credentials/credential-objects.ts'
import { storedRbac, type StoredRbac } from '../../rbac/stored-rbac.ts'
import { writeBootstrapPolicy } from '../../rbac/write-bootstrap-policy.ts'
import { revocations, type StoredRevocations } from '../../revocations/revocations.ts'
import type { ObjectStore } from '../../store/object-store.ts'
import { logLine } from './server-log.ts'

/** What authentication and authorization read in the store. */
export interface StoredAccess extends CredentialObjects {
  readonly roles: StoredRbac
  readonly revocations: StoredRevocations
  close(): void
}

/** Writes the roles that every cluster has, reads all, and follows their changes. */
export async function storedAccess(store: ObjectStore): Promise<StoredAccess> {
  await writeBootstrapPolicy({ store })
  const roles = await storedRbac({
    store,
    onError: (error) => logLine({ level: 'error', message: messageOf(error, 'the roles cannot be read') }),
  })
  const revoked = await revocations({
    store,
    onError: (error) =>
      logLine({ level: 'error', message: messageOf(error, 'the revocations cannot be read') }),
  })
  return {
    ...credentialObjects(store),
    roles,
    revocations: revoked,
    close() {
      roles.close()
      revoked.close()
    },
  }
}
