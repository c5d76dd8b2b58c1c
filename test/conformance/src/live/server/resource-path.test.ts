import { expect, it } from 'vitest'
import { resourcePath } from './resource-path.ts'

it.each([
  ['/api/v1/pods?a=b', ['', '', 'pods', '', '']],
  ['/api/v1/namespaces', ['', '', 'namespaces', '', '']],
  ['/api/v1/namespaces/x', ['', '', 'namespaces', 'x', '']],
  ['/api/v1/namespaces/x/status', ['', '', 'namespaces', 'x', 'status']],
  ['/api/v1/namespaces/x/pods', ['', 'x', 'pods', '', '']],
  ['/api/v1/namespaces/x/pods/a/log', ['', 'x', 'pods', 'a', 'log']],
  [
    '/apis/rbac.authorization.k8s.io/v1/clusterroles/a',
    ['rbac.authorization.k8s.io', '', 'clusterroles', 'a', ''],
  ],
  ['/healthz', undefined],
])('%s', (path, parts) => {
  const found = resourcePath({
    id: '',
    sequence: '',
    as: '',
    method: 'GET',
    path,
    real: { status: 200, headers: {} },
  })
  const { group, namespace, resource, name, subresource } = found ?? {}
  expect(found && [group, namespace, resource, name, subresource]).toEqual(parts)
})
