import { isObject, type ServiceAccount, stringMemberOf } from '@kube-authn/core/internal'
import type { Secret } from '@kube-authn/core/bootstrap-token'
import { textOfBase64 } from '@kube-authn/internal/base64'
import { timeOfRfc3339 } from '@kube-authn/internal/rfc3339'
import type { KubeObject } from '../registry/kube-object.ts'
import { entriesOf } from '../registry/resources/data-keys.ts'
import { secretTypeOf } from '../registry/resources/secrets.ts'

/** A stored `v1` Secret as authentication reads it. Bytes that are not UTF-8 become U+FFFD. */
export function secretOf(object: KubeObject): Secret {
  const { name = '', namespace = '', uid, resourceVersion, labels, annotations } = object.metadata
  const { creationTimestamp = '', deletionTimestamp = '' } = object.metadata
  const createdMs = timeOfRfc3339(creationTimestamp)
  const deletedMs = timeOfRfc3339(deletionTimestamp)
  const type = secretTypeOf(object)
  return {
    namespace,
    name,
    data: Object.fromEntries(entriesOf(object['data']).map(([key, value]) => [key, textOfBase64(value)])),
    ...(type !== '' && { type }),
    ...(uid !== undefined && { uid }),
    ...(resourceVersion !== undefined && { resourceVersion }),
    ...(labels !== undefined && { labels }),
    ...(annotations !== undefined && { annotations }),
    ...(createdMs !== undefined && { creationTimestampMs: createdMs }),
    ...(deletedMs !== undefined && { deletionTimestampMs: deletedMs }),
  }
}

/** A stored `v1` ServiceAccount as authentication reads it. */
export function serviceAccountOf(object: KubeObject): ServiceAccount {
  const { name = '', namespace = '', uid = '', resourceVersion, deletionTimestamp = '' } = object.metadata
  const deletedMs = timeOfRfc3339(deletionTimestamp)
  return {
    namespace,
    name,
    uid,
    secrets: referencesOf(object).map((each) => stringMemberOf(each, 'name')),
    ...(resourceVersion !== undefined && { resourceVersion }),
    ...(deletedMs !== undefined && { deletionTimestampMs: deletedMs }),
  }
}

/** The references in the `secrets` of a stored ServiceAccount. */
export function referencesOf({ secrets }: KubeObject): readonly Readonly<Record<string, unknown>>[] {
  return Array.isArray(secrets) ? secrets.filter(isObject) : []
}
