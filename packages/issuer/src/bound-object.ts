import { badRequest, conflict, notFound } from '@kube-authn/core/internal'
import type { ServiceAccountObjects } from '@kube-authn/core/service-account'
import { quoted } from '@kube-authn/internal/quote'
import type { BoundTokenContent } from './token-claims.ts'
import type { BoundObjectReference } from './token-request.ts'

/** The claims about the object that a token is bound to. */
export type BoundObject = Pick<BoundTokenContent, 'pod' | 'secret' | 'node'>

/** The service account that a token is for. */
export interface TokenTarget {
  readonly namespace: string
  readonly name: string
}

/**
 * Finds the object that a token is to be bound to: a pod of the service account, a secret of its namespace, or a node. For a pod, the
 * token also names its node; without a uid if the node is not found.
 *
 * Source: kubernetes `pkg/registry/core/serviceaccount/storage/token.go` (`Create`).
 *
 * @throws {StatusError} 400 for another kind of object or the pod of another account, 404, or 409 if the uid differs.
 */
export async function findBoundObject(
  objects: ServiceAccountObjects,
  { namespace, name: account }: TokenTarget,
  reference: BoundObjectReference,
): Promise<BoundObject> {
  const { kind, apiVersion, name } = reference
  const slash = apiVersion.indexOf('/')
  const group = apiVersion.slice(0, Math.max(slash, 0))
  switch (`${group}/${kind}`) {
    case '/Pod': {
      const pod = found('pods', name, await objects.getPod(namespace, name))
      if (pod.serviceAccountName !== account) {
        throw badRequest(
          `cannot bind token for serviceaccount ${quoted(account)} to pod running with different serviceaccount name.`,
        )
      }
      checkUid(reference, pod.uid)
      const { nodeName = '' } = pod
      if (nodeName === '') return { pod }
      return { pod, node: (await objects.getNode(nodeName)) ?? { name: nodeName } }
    }
    case '/Secret': {
      const { uid = '' } = found('secrets', name, await objects.getSecret(namespace, name))
      checkUid(reference, uid)
      return { secret: { name, uid } }
    }
    case '/Node': {
      const node = found('nodes', name, await objects.getNode(name))
      checkUid(reference, node.uid)
      return { node }
    }
    default: {
      const type = `${group}/${apiVersion.slice(slash + 1)}, Kind=${kind}`
      throw badRequest(`cannot bind token to object of type ${quoted(type).slice(1, -1)}`)
    }
  }
}

function found<T>(resource: string, name: string, object: T | undefined): T {
  if (object === undefined) throw notFound(resource, name)
  return object
}

/** The actual uid is not disclosed: the client may lack permission to read the object. */
function checkUid({ kind, name, uid: asked }: BoundObjectReference, uid: string): void {
  if (asked === undefined || asked === uid) return
  const why =
    `the UID in the bound object reference (${asked}) does not match the UID in record. ` +
    'The object might have been deleted and then recreated'
  throw conflict('', kind, name, why)
}
