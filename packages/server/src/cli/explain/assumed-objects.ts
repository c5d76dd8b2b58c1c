import { type InitialObjects, isObject, memberOf, stringMemberOf } from '@kube-authn/core/internal'
import { serviceAccountObjects, type ServiceAccountObjects } from '@kube-authn/core/service-account'

/**
 * The objects that a service account token refers to, as if they existed: there is no cluster to ask. The signature of the token, its times and its
 * audiences are checked as ever.
 */
export function assumedObjects(token: string | undefined): ServiceAccountObjects {
  const claims = token === undefined ? undefined : claimsOf(token)
  return serviceAccountObjects(token === undefined ? {} : { ...boundTo(claims), ...legacy(claims, token) })
}

/** The payload of a JWT; `undefined` for any other token. */
function claimsOf(token: string): unknown {
  const [, payload, signature] = token.split('.')
  if (payload === undefined || signature === undefined) return undefined
  try {
    const claims: unknown = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'))
    return isObject(claims) ? claims : undefined
  } catch {
    return undefined
  }
}

function boundTo(claims: unknown): InitialObjects {
  const bound = memberOf(claims, 'kubernetes.io')
  const namespace = stringMemberOf(bound, 'namespace')
  const named = (member: string): readonly { readonly name: string; readonly uid: string }[] => {
    const object = memberOf(bound, member)
    return isObject(object)
      ? [{ name: stringMemberOf(object, 'name'), uid: stringMemberOf(object, 'uid') }]
      : []
  }
  return {
    serviceAccounts: named('serviceaccount').map((each) => ({ ...each, namespace })),
    pods: named('pod').map((each) => ({ ...each, namespace })),
    secrets: named('secret').map((each) => ({ ...each, namespace, data: {} })),
    nodes: named('node'),
  }
}

/** Those of a token in a secret, whose claims have long names. */
function legacy(claims: unknown, token: string): InitialObjects {
  const claim = (name: string): string => stringMemberOf(claims, `kubernetes.io/serviceaccount/${name}`)
  const namespace = claim('namespace')
  if (namespace === '') return {}
  return {
    serviceAccounts: [{ namespace, name: claim('service-account.name'), uid: claim('service-account.uid') }],
    secrets: [{ namespace, name: claim('secret.name'), data: { token } }],
  }
}
