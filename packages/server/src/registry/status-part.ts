import type { KubeObject, ObjectMeta } from './kube-object.ts'
import { withoutEmpty } from './metadata.ts'
import type { PartSubresource } from './resource.ts'

/**
 * `status`, which is written by itself, with the labels, annotations and finalizers of the object.
 *
 * Source: kubernetes `pkg/registry/core/{pod,node,service,namespace}/strategy.go` PrepareForUpdate of the strategies of status.
 *
 * @param prepare what the server writes into it.
 */
export function statusPart(
  prepare: (object: KubeObject) => KubeObject = (object) => object,
): PartSubresource {
  return {
    type: 'part',
    name: 'status',
    prepare: (sent, old) => prepare({ ...old, metadata: marked(sent, old), status: sent['status'] ?? {} }),
  }
}

function marked({ metadata }: KubeObject, old: KubeObject): ObjectMeta {
  const { labels = {}, annotations = {}, finalizers = [] } = metadata
  return withoutEmpty({ ...old.metadata, labels, annotations, finalizers })
}
