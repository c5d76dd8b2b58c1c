import { type ErrorList, fieldPath, isObject, stringMemberOf } from '@kube-authn/core/internal'
import type { KubeObject } from '../kube-object.ts'
import type { Change } from '../resource.ts'
import { forbidden } from '../status-errors.ts'
import { serviceAccounts } from './service-accounts.ts'

/*
 * The service account of a pod.
 *
 * Source: kubernetes `plugin/pkg/admission/serviceaccount/admission.go`.
 *
 * Deviation: the account `default` need not exist, and nothing is mounted (`docs/deviations.md`, service accounts of pods).
 */

const DEFAULT = 'default'
/** A pod of a kubelet's own, of which the API server has a copy only. */
const MIRROR = 'kubernetes.io/config.mirror'
const PODS = { group: '', plural: 'pods' }

/** The pod, with the account `default` unless it names another one. */
export function withServiceAccount(pod: KubeObject): KubeObject {
  const { spec } = pod
  if (!isObject(spec) || isMirror(pod)) return pod
  // The older field has the same meaning.
  const name = serviceAccountOf(pod) || DEFAULT
  return { ...pod, spec: { ...spec, serviceAccountName: name, serviceAccount: name } }
}

/** The pod, with the older field as the other one: who reads either must find the same account. */
export function withOneServiceAccount(pod: KubeObject): KubeObject {
  const { spec } = pod
  const name = serviceAccountOf(pod)
  if (!isObject(spec) || name === '') return pod
  return { ...pod, spec: { ...spec, serviceAccountName: name, serviceAccount: name } }
}

/** @throws {StatusError} 403 if the account of a new pod does not exist. */
export async function requireServiceAccount({ object, old, services }: Change): Promise<void> {
  if (old !== undefined) return
  const { name = '', namespace = '' } = object.metadata
  const account = serviceAccountOf(object)
  if (isMirror(object) && account !== '') {
    throw forbidden(PODS, name, 'a mirror pod may not reference service accounts')
  }
  if (account === '' || account === DEFAULT) return
  if ((await services.find(serviceAccounts, namespace, account)) !== undefined) return
  const why = `error looking up service account ${namespace}/${account}: serviceaccount "${account}" not found`
  throw forbidden(PODS, name, why)
}

/** A pod keeps its account, and its node once it has one: tokens name both. */
export function validatePlace(pod: KubeObject, old: KubeObject, errors: ErrorList): void {
  const account = serviceAccountOf(pod)
  if (account !== serviceAccountOf(old)) {
    errors.invalid(fieldPath('spec', 'serviceAccountName'), account, 'field is immutable')
  }
  const before = stringMemberOf(old['spec'], 'nodeName')
  const node = stringMemberOf(pod['spec'], 'nodeName')
  if (before !== '' && node !== before) {
    errors.invalid(fieldPath('spec', 'nodeName'), node, 'field is immutable')
  }
}

function serviceAccountOf({ spec }: KubeObject): string {
  return stringMemberOf(spec, 'serviceAccountName') || stringMemberOf(spec, 'serviceAccount')
}

function isMirror({ metadata }: KubeObject): boolean {
  return Object.hasOwn(metadata.annotations ?? {}, MIRROR)
}
