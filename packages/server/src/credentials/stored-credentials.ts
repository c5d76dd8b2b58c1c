import { defined, isObject, stringMemberOf, valueOf } from '@kube-authn/core/internal'
import {
  type NamedObject,
  type Pod,
  SERVICE_ACCOUNT_SECRET_TYPE,
  type ServiceAccount,
} from '@kube-authn/core/service-account'
import { BOOTSTRAP_SECRET_TYPE, type Secret } from '@kube-authn/core/bootstrap-token'
import { textOfBase64 } from '@kube-authn/internal/base64'
import { timeOfRfc3339 } from '@kube-authn/internal/rfc3339'
import type { KubeObject } from '../registry/kube-object.ts'
import { entriesOf } from '../registry/resources/data-fields.ts'
import { secretTypeOf } from '../registry/resources/secrets.ts'

/** A stored `v1` Secret as authentication reads it. Bytes that are not UTF-8 become U+FFFD. */
export function secretOf(object: KubeObject): Secret {
  const { name = '', namespace = '', uid, resourceVersion, labels, annotations } = object.metadata
  const { creationTimestamp = '', deletionTimestamp = '' } = object.metadata
  const type = secretTypeOf(object)
  return {
    namespace,
    name,
    data: Object.fromEntries(entriesOf(object['data']).map(([key, value]) => [key, textOfBase64(value)])),
    ...(type !== '' && { type }),
    ...defined({
      uid,
      resourceVersion,
      labels,
      annotations,
      creationTimestampMs: timeOfRfc3339(creationTimestamp),
      deletionTimestampMs: timeOfRfc3339(deletionTimestamp),
    }),
  }
}

/** What is needed of a secret that a token may refer to: its token, if it is for one; of all others neither data nor labels. */
export function tokenSecretOf(object: KubeObject): Secret {
  const { namespace, name, uid, deletionTimestampMs, type, labels, data } = secretOf(
    secretTypeOf(object) === SERVICE_ACCOUNT_SECRET_TYPE ? object : { ...object, data: {} },
  )
  const isForToken = type === SERVICE_ACCOUNT_SECRET_TYPE
  return {
    namespace,
    name,
    data: isForToken ? { token: valueOf(data, 'token') } : {},
    ...defined({ uid, deletionTimestampMs }),
    ...(isForToken && { type, ...defined({ labels }) }),
  }
}

/** What is needed of a secret in `kube-system`: all of a bootstrap token, and nothing of others. */
export function bootstrapSecretOf(object: KubeObject): { readonly secret: Secret | undefined } {
  return { secret: secretTypeOf(object) === BOOTSTRAP_SECRET_TYPE ? secretOf(object) : undefined }
}

export function serviceAccountOf(object: KubeObject): ServiceAccount {
  const { name = '', namespace = '', uid = '', resourceVersion, deletionTimestamp = '' } = object.metadata
  return {
    namespace,
    name,
    uid,
    secrets: referencesOf(object).map((each) => stringMemberOf(each, 'name')),
    ...defined({ resourceVersion, deletionTimestampMs: timeOfRfc3339(deletionTimestamp) }),
  }
}

/** The references in the `secrets` of a stored ServiceAccount. */
export function referencesOf({ secrets }: KubeObject): readonly Readonly<Record<string, unknown>>[] {
  return Array.isArray(secrets) ? secrets.filter(isObject) : []
}

/** A stored `v1` Pod as authentication reads it. */
export function podOf(object: KubeObject): Pod {
  const { metadata, spec } = object
  return {
    ...identityOf(object),
    namespace: metadata.namespace ?? '',
    serviceAccountName: stringMemberOf(spec, 'serviceAccountName'),
    nodeName: stringMemberOf(spec, 'nodeName'),
  }
}

/** A stored `v1` Node as authentication reads it. */
export function identityOf({ metadata }: KubeObject): NamedObject {
  const { name = '', uid = '', deletionTimestamp = '' } = metadata
  return { name, uid, ...defined({ deletionTimestampMs: timeOfRfc3339(deletionTimestamp) }) }
}
