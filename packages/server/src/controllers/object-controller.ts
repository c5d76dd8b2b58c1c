import type { KubeObject } from '../registry/kube-object.ts'
import type { Resource, Target } from '../registry/resource.ts'

export type ObjectKey = Omit<Target, 'subresource'>

/** What becomes of an object that was looked at. */
export interface Reconciled {
  /** Look at it again after this time, also if it does not change. Default: when it changes. */
  readonly againAfterMs?: number
}

/**
 * Looks after objects: it is shown each object that there is, and each one that changes, and writes what follows from it.
 *
 * Source: client-go `tools/cache`, `util/workqueue`.
 */
export interface ObjectController {
  /** As of `--controllers`: `bootstrap-signer-controller`. */
  readonly name: string
  readonly resources: readonly Resource[]
  /** Whether a change matters: others are not put into the queue. Default: every change. @param object as of the change; `undefined` if it was deleted. */
  concerns?(key: ObjectKey, object: KubeObject | undefined): boolean
  /**
   * Looks at one object. There is one call at a time for each object. What rejects is tried again, later each time.
   *
   * @param object as it is now; `undefined` if it does not exist any more.
   */
  reconcile(key: ObjectKey, object: KubeObject | undefined): Promise<Reconciled>
}
