import { quoted } from '@kube-authn/internal/quote'
import { andThen, type Awaitable } from '../../internal/awaitable.ts'
import type { Clock } from '../../internal/clock.ts'
import { rejected } from '../../authenticator/errors.ts'
import { type NamedObject, readObject, type ServiceAccountObjects, type WatchedObject } from './objects.ts'
import type { ObjectReference } from './user-info.ts'

/** The allowed clock skew. Deleted objects are accepted for as long: pods need their tokens to shut down. */
export const LEEWAY_MS = 60_000

/** The objects that a token of the TokenRequest API refers to. */
export interface References {
  readonly namespace: string
  readonly account: ObjectReference
  readonly secret: ObjectReference | undefined
  readonly pod: ObjectReference | undefined
  readonly node: ObjectReference | undefined
}

/** The objects that are checked. Pods do not move between nodes, so the node of a pod needs no check. */
export function checkedObjects({
  namespace,
  account,
  secret,
  pod,
  node,
}: References): readonly WatchedObject[] {
  const watched: WatchedObject[] = [{ kind: 'ServiceAccount', namespace, name: account.name }]
  if (secret !== undefined) watched.push({ kind: 'Secret', namespace, name: secret.name })
  if (pod !== undefined) watched.push({ kind: 'Pod', namespace, name: pod.name })
  else if (node !== undefined) watched.push({ kind: 'Node', namespace: '', name: node.name })
  return watched
}

/**
 * Checks that the service account and the object that a token is bound to exist, or were deleted within the last minute.
 *
 * @throws {AuthenticationError} `rejected` if one is gone or another one; `unavailable` if it cannot be read.
 */
export function checkReferences(
  objects: ServiceAccountObjects,
  clock: Clock,
  { namespace, account, secret, pod, node }: References,
): Awaitable<void> {
  const isDeleted = ({ deletionTimestampMs }: Pick<NamedObject, 'deletionTimestampMs'>): boolean =>
    deletionTimestampMs !== undefined && deletionTimestampMs < clock.now() - LEEWAY_MS

  const checkAccount = (): Awaitable<void> =>
    readObject(
      'service account',
      () => objects.getServiceAccount(namespace, account.name),
      (found) => {
        if (found === undefined) throw rejected(`serviceaccounts ${quoted(account.name)} not found`)
        if (found.uid !== account.uid) {
          throw rejected(`service account UID (${found.uid}) does not match claim (${account.uid})`)
        }
        if (isDeleted(found)) {
          throw rejected(`service account ${namespace}/${account.name} has been deleted`)
        }
      },
    )
  const check = (
    kind: string,
    reference: ObjectReference,
    get: () => Awaitable<Partial<Omit<NamedObject, 'name'>> | undefined>,
  ): Awaitable<void> =>
    readObject(kind, get, (object) => {
      const { uid = '' } = object ?? {}
      if (object !== undefined && uid !== reference.uid) {
        throw rejected(
          `${kind} UID (${uid}) does not match service account ${kind} ref claim (${reference.uid})`,
        )
      }
      if (object === undefined || isDeleted(object)) {
        throw rejected('service account token has been invalidated')
      }
    })
  const checkSecret = (): Awaitable<void> =>
    secret && check('secret', secret, () => objects.getSecret(namespace, secret.name))
  const checkPodOrNode = (): Awaitable<void> => {
    if (pod !== undefined) return check('pod', pod, () => objects.getPod(namespace, pod.name))
    return node && check('node', node, () => objects.getNode(node.name))
  }
  return andThen(andThen(checkAccount(), checkSecret), checkPodOrNode)
}
