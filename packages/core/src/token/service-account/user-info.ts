import { CREDENTIAL_ID_KEY } from '../../authenticator/extra-keys.ts'
import { type UserInfo, userInfo } from '../../authenticator/user.ts'
import { serviceAccountGroups, serviceAccountUsername } from '../../authenticator/service-account-name.ts'

/** An object that a token is bound to, by name and uid. */
export interface ObjectReference {
  readonly name: string
  readonly uid: string
}

/** The properties of an authenticated service account. */
export interface ServiceAccountInfo {
  readonly namespace: string
  readonly name: string
  readonly uid?: string
  /** The pod that the token is bound to. */
  readonly pod?: ObjectReference | undefined
  /** The node of the pod, or the node that the token is bound to. Its uid is `''` if unknown. */
  readonly node?: ObjectReference | undefined
  /** The id of the token: `JTI=` followed by its `jti`. */
  readonly credentialId?: string
  readonly validatingWebhookConfiguration?: ObjectReference
  readonly mutatingWebhookConfiguration?: ObjectReference
  /** The API groups attested by a webhook token. */
  readonly admissionReviewApiGroups?: readonly string[]
}

/**
 * The user of a service account: its name, two groups, and the objects its token is bound to under `extra` keys of
 * `authentication.kubernetes.io`.
 *
 * Source: apiserver `pkg/authentication/serviceaccount/util.go` (`ServiceAccountInfo.UserInfo`).
 */
export function serviceAccountUser(info: ServiceAccountInfo): UserInfo {
  const { namespace, name, uid = '', pod, node, credentialId = '', admissionReviewApiGroups = [] } = info
  const extra: [key: string, values: readonly string[]][] = [
    ...referenceExtra('pod', pod),
    ...nodeExtra(node),
    ...referenceExtra('validatingwebhookconfiguration', info.validatingWebhookConfiguration),
    ...referenceExtra('mutatingwebhookconfiguration', info.mutatingWebhookConfiguration),
  ]
  if (credentialId !== '') extra.push([CREDENTIAL_ID_KEY, [credentialId]])
  if (admissionReviewApiGroups.length > 0) {
    extra.push([
      'attestation.authentication.kubernetes.io/admissionReviewAPIGroups',
      admissionReviewApiGroups,
    ])
  }
  return userInfo({
    username: serviceAccountUsername(namespace, name),
    uid,
    groups: serviceAccountGroups(namespace),
    extra: Object.fromEntries(extra),
  })
}

type ExtraEntry = [key: string, values: readonly string[]]

/** Empty unless both name and uid are known. */
function referenceExtra(kind: string, reference: ObjectReference | undefined): readonly ExtraEntry[] {
  if (reference === undefined || reference.name === '' || reference.uid === '') return []
  return [
    [`authentication.kubernetes.io/${kind}-name`, [reference.name]],
    [`authentication.kubernetes.io/${kind}-uid`, [reference.uid]],
  ]
}

function nodeExtra(node: ObjectReference | undefined): readonly ExtraEntry[] {
  if (node === undefined || node.name === '') return []
  const name: ExtraEntry = ['authentication.kubernetes.io/node-name', [node.name]]
  return node.uid === '' ? [name] : [name, ['authentication.kubernetes.io/node-uid', [node.uid]]]
}
