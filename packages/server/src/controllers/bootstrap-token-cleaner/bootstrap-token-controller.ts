import type { Clock } from '@kube-authn/core'
import {
  BOOTSTRAP_NAMESPACE,
  BOOTSTRAP_SECRET_TYPE,
  expirationOf,
  isBootstrapSecret,
  type Secret,
} from '@kube-authn/core/bootstrap-token'
import { secretOf } from '../../credentials/stored-credentials.ts'
import type { Registry } from '../../registry/registry.ts'
import { secrets, secretTypeOf } from '../../registry/resources/secrets.ts'
import type { ObjectController } from '../object-controller.ts'
import { deleteUnchanged } from '../registry-access.ts'

/** Deletes the secrets of bootstrap tokens when they expire. */
export function bootstrapTokenController(registry: Registry, clock: Clock): ObjectController {
  return {
    name: 'token-cleaner-controller',
    resources: [secrets],
    concerns: ({ namespace }, object) =>
      namespace === BOOTSTRAP_NAMESPACE &&
      object !== undefined &&
      secretTypeOf(object) === BOOTSTRAP_SECRET_TYPE,
    async reconcile(key, object) {
      if (object === undefined) return {}
      const secret = secretOf(object)
      const { uid, resourceVersion } = secret
      const remove = (): Promise<void> => deleteUnchanged(registry, key, { uid, resourceVersion })
      const againAfterMs = await cleanBootstrapSecret(secret, clock.now(), remove)
      return againAfterMs === undefined ? {} : { againAfterMs }
    },
  }
}

/**
 * Deletes the secret of a bootstrap token that has expired, or whose expiration is invalid. Other secrets are left alone.
 *
 * Source: kubernetes `pkg/controller/bootstrap/tokencleaner.go`.
 *
 * Deviation: its callers try a deletion that failed again (`docs/deviations.md`, expired bootstrap tokens).
 *
 * @returns after how many milliseconds it expires; `undefined` if it is deleted or does not expire.
 */
export async function cleanBootstrapSecret(
  secret: Secret,
  nowMs: number,
  remove: () => unknown,
): Promise<number | undefined> {
  if (!isBootstrapSecret(secret)) return undefined
  const remainingMs = expirationOf(secret) - nowMs
  if (remainingMs > 0) return remainingMs === Infinity ? undefined : remainingMs
  await remove()
  return undefined
}
