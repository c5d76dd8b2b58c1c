import { CREDENTIAL_ID_KEY } from '../../authenticator/credential-id.ts'
import { type UserInfo, userInfo } from '../../authenticator/user.ts'
import { SERVICE_ACCOUNTS_GROUP, serviceAccountUsername } from './username.ts'

/** An object that a token is bound to, by name and uid. */
export interface ObjectReference {
  readonly name: string
  readonly uid: string
}

/** What is known of a service account that made a request. */
export interface ServiceAccountInfo {
  readonly namespace: string
  readonly name: string
  readonly uid?: string
  /** The pod that the token is for. */
  readonly pod?: ObjectReference | undefined
  /** The node that the pod is on, or that the token is for. Its uid may be unknown, `''`. */
  readonly node?: ObjectReference | undefined
  /** The id of the token, such as `JTI=` and its `jti`. */
  readonly credentialId?: string
  readonly validatingWebhookConfiguration?: ObjectReference
  readonly mutatingWebhookConfiguration?: ObjectReference
  /** What a webhook attested. */
  readonly admissionReviewApiGroups?: readonly string[]
}

/**
 * The user that a service account is: its name, two groups, and what its token is bound to under keys of
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
    groups: [SERVICE_ACCOUNTS_GROUP, `${SERVICE_ACCOUNTS_GROUP}:${namespace}`],
    extra: Object.fromEntries(extra),
  })
}

type ExtraEntry = [key: string, values: readonly string[]]

/** Both the name and the uid, or nothing. */
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
