import { messageOf, systemClock } from '@kube-authn/core/internal'
import type { OwnMaterial } from './material/own-material.ts'
import type { Log } from './server-log.ts'

/** How often it is looked whether the own certificate must be renewed. */
const PERIOD_MS = 12 * 3_600_000

/** Renews the own certificate while the server runs. Returns a function that ends it. */
export function renewal({ renew }: Pick<OwnMaterial, 'renew'>, log: Log): () => void {
  let cancel = (): void => {}
  const wait = (): void => {
    cancel = systemClock.after(PERIOD_MS, () => {
      void check().finally(wait)
    })
  }
  const check = async (): Promise<void> => {
    try {
      await renew(systemClock.now())
    } catch (error) {
      log({ level: 'error', message: `the certificate cannot be renewed: ${messageOf(error, 'failed')}` })
    }
  }
  wait()
  return () => cancel()
}
