import type { KubeObject } from '../../registry/kube-object.ts'
import type { ObjectController, ObjectKey } from '../object-controller.ts'

/** A controller that need not be shown every object of its resources. */
export interface SelectiveController extends ObjectController {
  /**
   * Whether a change matters: others are not put into the queue. Default: every change.
   *
   * @param object as of the change; `undefined` if it was deleted.
   */
  concerns?(key: ObjectKey, object: KubeObject | undefined): boolean
}
