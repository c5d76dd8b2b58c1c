import { quoted } from '../quote.ts'
import { StatusError } from '../status.ts'
import type { ServiceAccountObjects } from './objects.ts'
import type { BoundTokenContent } from './token-claims.ts'
import type { BoundObjectReference } from './token-request.ts'

/** What a token says of the object it is bound to. */
export type BoundObject = Pick<BoundTokenContent, 'pod' | 'secret' | 'node'>

/** The service account that a token is for. */
export interface TokenTarget {
  readonly namespace: string
  readonly name: string
}

/**
 * Finds the object that a token is to be bound to: a pod of the service account, a secret of its namespace, or a node. A pod's node goes
 * into the token too, without a uid when it is not found.
 *
 * Source: kubernetes `pkg/registry/core/serviceaccount/storage/token.go` (`Create`).
 *
 * @throws {StatusError} 400 for another kind of object or the pod of another account, 404, or 409 when the uid is another.
 */
export async function findBoundObject(
  objects: ServiceAccountObjects,
  { namespace, name: account }: TokenTarget,
  reference: BoundObjectReference,
): Promise<BoundObject> {
  const { kind, apiVersion, name } = reference
  const group = apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : ''
  switch (`${group}/${kind}`) {
    case '/Pod': {
      const pod = existing('pods', reference, await objects.getPod(namespace, name))
      if (pod.serviceAccountName !== account) {
        throw badRequest(
          `cannot bind token for serviceaccount ${quoted(account)} to pod running with different serviceaccount name.`,
        )
      }
      const { nodeName = '' } = pod
      if (nodeName === '') return { pod }
      return { pod, node: (await objects.getNode(nodeName)) ?? { name: nodeName } }
    }
    case '/Secret': {
      const secret = existing('secrets', reference, await objects.getSecret(namespace, name))
      return { secret: { name, uid: secret.uid ?? '' } }
    }
    case '/Node':
      return { node: existing('nodes', reference, await objects.getNode(name)) }
    default:
      throw badRequest(`cannot bind token to object of type ${quoted(`${apiVersion}, Kind=${kind}`)}`)
  }
}

function existing<T extends { readonly uid?: string }>(
  resource: string,
  { name, uid }: BoundObjectReference,
  object: T | undefined,
): T {
  if (object === undefined) throw notFound(resource, name)
  if (uid !== '' && uid !== object.uid) throw uidConflict(resource, name, uid, object.uid ?? '')
  return object
}

/** There is no such object. */
export function notFound(resource: string, name: string): StatusError {
  return new StatusError({
    status: 404,
    reason: 'NotFound',
    message: `${resource} ${quoted(name)} not found`,
    details: { name, kind: resource },
  })
}

/** Another object has this name by now. */
export function uidConflict(resource: string, name: string, asked: string, found: string): StatusError {
  return new StatusError({
    status: 409,
    reason: 'Conflict',
    message:
      `Operation cannot be fulfilled on ${resource} ${quoted(name)}: the UID in the request (${asked}) does not match ` +
      `the UID of the object (${found})`,
    details: { name, kind: resource },
  })
}

function badRequest(message: string): StatusError {
  return new StatusError({ status: 400, reason: 'BadRequest', message })
}
