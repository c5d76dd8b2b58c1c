import { userInfo, type UserInfo } from '@kube-authn/core'
import { allow, type Authorizer, noOpinion } from '@kube-authn/core/authorization'
import { requestDer, type RequestInit, requestPem } from '../../x509/test/requests.ts'
import type { KubeObject } from '../src/registry/kube-object.ts'
import type { Caller } from '../src/registry/resource.ts'

/*
 * Requests for certificates, for tests of what stores, approves, signs and deletes them.
 */

/** The fields of an object that asks for a client certificate. */
export async function clientRequest(init?: RequestInit, spec: object = {}): Promise<object> {
  return {
    spec: {
      request: btoa(requestPem(await requestDer(init))),
      signerName: 'kubernetes.io/kube-apiserver-client',
      usages: ['client auth'],
      ...spec,
    },
  }
}

/** A caller of this name. */
export function callerOf(username: string, rest: Partial<UserInfo> = {}): Caller {
  return {
    user: userInfo({ username, ...rest }),
    context: { warn: () => undefined, annotate: () => undefined },
  }
}

/** Allows this verb on these signers, and keeps what it was asked. */
export function signersAuthorizer(
  ...allowed: readonly string[]
): Authorizer & { readonly asked: readonly string[] } {
  const asked: string[] = []
  return {
    name: 'signers',
    asked,
    authorize({ verb, apiGroup, resource, name }) {
      const question = `${verb} ${resource}.${apiGroup}/${name}`
      asked.push(question)
      return allowed.includes(question) ? allow() : noOpinion()
    },
  }
}

/** An object with one more condition. */
export function withCondition(object: KubeObject, condition: object): KubeObject {
  const status = (object['status'] ?? {}) as { readonly conditions?: readonly object[] }
  return { ...object, status: { ...status, conditions: [...(status.conditions ?? []), condition] } }
}

/** As `kubectl certificate approve` writes it. */
export const APPROVED = {
  type: 'Approved',
  status: 'True',
  reason: 'KubectlApprove',
  message: 'This CSR was approved.',
}
/** As `kubectl certificate deny` writes it. */
export const DENIED = {
  type: 'Denied',
  status: 'True',
  reason: 'KubectlDeny',
  message: 'This CSR was denied.',
}
