import type { ObjectReader } from '@kube-authn/core/internal'

/** The non-empty metadata fields of a review, as they were sent. */
export type SentMetadata = Readonly<Record<string, unknown>>

/**
 * Reads the metadata of a review. Fields that only a server sets are dropped: `uid`, `selfLink`, the timestamps, the grace period and
 * `managedFields`.
 *
 * Source: apimachinery `pkg/apis/meta/v1/types.go` ObjectMeta; apiserver `pkg/registry/rest/meta.go` WipeObjectMetaSystemFields.
 *
 * Deviation: `managedFields`, timestamps and numbers may have any type (`docs/deviations.md`, metadata of reviews).
 *
 * @param isNamespaced if `false`, the namespace is ignored.
 */
export function readMetadata(metadata: ObjectReader | undefined, isNamespaced: boolean): SentMetadata {
  if (metadata === undefined) return {}
  for (const name of WRITTEN_BY_SERVERS) metadata.value(name)
  for (const name of ['selfLink', 'uid']) metadata.string(name)
  const namespace = metadata.string('namespace')
  const owners = metadata.objects('ownerReferences')
  const read = {
    name: metadata.string('name'),
    generateName: metadata.string('generateName'),
    namespace: isNamespaced ? namespace : '',
    resourceVersion: metadata.string('resourceVersion'),
    generation: metadata.value('generation'),
    labels: Object.fromEntries(metadata.stringMap('labels')),
    annotations: Object.fromEntries(metadata.stringMap('annotations')),
    ownerReferences: owners.length > 0 ? metadata.value('ownerReferences') : [],
    finalizers: metadata.strings('finalizers'),
  }
  metadata.end()
  return Object.fromEntries(Object.entries(read).filter(([, value]) => !isEmpty(value)))
}

const WRITTEN_BY_SERVERS = [
  'creationTimestamp',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
  'managedFields',
]

function isEmpty(value: unknown): boolean {
  if (typeof value === 'object' && value !== null) return Object.keys(value).length === 0
  return value === undefined || value === '' || value === 0
}
