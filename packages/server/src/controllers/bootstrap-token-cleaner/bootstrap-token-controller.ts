import type { Clock } from '@kube-authn/core'
import { BOOTSTRAP_NAMESPACE, BOOTSTRAP_SECRET_TYPE } from '@kube-authn/core/bootstrap-token'
import type { Registry } from '../../registry/registry.ts'
import { secrets, secretTypeOf } from '../../registry/resources/secrets.ts'
import type { SelectiveController } from '../loop/selective-controller.ts'
import { deleteUnchanged } from '../registry-access.ts'
import { secretOf } from '../../credentials/stored-credentials.ts'
import { cleanBootstrapSecret } from './clean-bootstrap-secret.ts'

/** Deletes the secrets of bootstrap tokens when they expire. */
export function bootstrapTokenController(registry: Registry, clock: Clock): SelectiveController {
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
