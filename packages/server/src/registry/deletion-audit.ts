import { type Observer, type UserInfo, userInfo } from '@kube-authn/core'
import { fetchRequest, notify } from '@kube-authn/core/adapter'
import { serviceAccountUser } from '@kube-authn/core/service-account'
import type { Target } from './resource.ts'

const ACCOUNT = serviceAccountUser({ namespace: 'kube-system', name: 'namespace-controller' })

/** Who deletes the content of a namespace in Kubernetes. */
export const NAMESPACE_CONTROLLER: UserInfo = userInfo({
  ...ACCOUNT,
  groups: [...ACCOUNT.groups, 'system:authenticated'],
})

/** The user of the requests that kube-apiserver sends to itself. */
export const API_SERVER: UserInfo = userInfo({
  username: 'system:apiserver',
  groups: ['system:authenticated', 'system:masters'],
})

/**
 * Tells an audit log of deletions that no request asked for, as of requests that did.
 *
 * Source: kubernetes `pkg/controller/namespace/deletion/namespaced_resources_deleter.go`; apiserver `pkg/server/config.go` (loopback).
 *
 * Deviation: each object is told by itself (`docs/deviations.md`, own deletions).
 *
 * @param audit an observer that counts no requests.
 */
export function deletionAudit(audit: Observer, user: UserInfo): (target: Target) => void {
  return ({ resource: { group, version, plural }, namespace, name }) => {
    const api = group === '' ? `/api/${version}` : `/apis/${group}/${version}`
    const within = namespace === '' ? api : `${api}/namespaces/${namespace}`
    const url = `http://localhost${within}/${plural}/${encodeURIComponent(name)}`
    const headers = { 'user-agent': 'kube-authn' }
    const request = fetchRequest(new Request(url, { method: 'DELETE', headers }))
    const told = { request, user, durationSeconds: 0, warnings: [], annotations: {} }
    notify(audit, { type: 'request', result: 'success', ...told })
    notify(audit, { type: 'response', request, status: 200 })
  }
}
