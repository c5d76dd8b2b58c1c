import type { KubeObject } from './kube-object.ts'
import type { PartSubresource } from './resource.ts'

/**
 * `status`, which is written by itself.
 *
 * @param prepare what the server writes into it.
 */
export function statusPart(
  prepare: (object: KubeObject) => KubeObject = (object) => object,
): PartSubresource {
  return {
    type: 'part',
    name: 'status',
    prepare: (sent, old) => prepare({ ...old, status: sent['status'] ?? {} }),
  }
}
