import { describe, it } from 'vitest'
import { expectLinearWorkUntil } from '../../../../test/growth.ts'
import { askApi } from '../../test/ask-api.ts'
import { containers, DEFAULT, MAPS, members, named, names, RBAC, rule, some } from '../../test/long-bodies.ts'

const roleOf = (...rules: readonly object[]): object => ({ ...named(), rules })
const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'r' }

type Bodies = readonly (readonly [
  title: string,
  length: number,
  path: string,
  body: (length: number) => unknown,
])[]

const CREATED: Bodies = [
  ['keys', 750, MAPS, (n) => ({ ...named(), data: members(n) })],
  ['invalid keys', 750, MAPS, (n) => ({ ...named(), data: members(n, 'x', '/') })],
  ['values that are not strings', 750, MAPS, (n) => ({ ...named(), data: members(n, 1) })],
  ['unknown members', 2000, MAPS, (n) => ({ ...named(), ...members(n) })],
  ['labels', 500, MAPS, (n) => named({ labels: members(n) })],
  ['invalid labels', 500, MAPS, (n) => named({ labels: members(n, '/') })],
  ['annotations', 350, MAPS, (n) => named({ annotations: members(n) })],
  ['finalizers', 1000, MAPS, (n) => named({ finalizers: names(n, 'a.b/f') })],
  ['one finalizer', 1000, MAPS, (n) => named({ finalizers: some(n, () => 'a.b/f') })],
  [
    'owners',
    250,
    MAPS,
    (n) =>
      named({
        ownerReferences: names(n).map((name) => ({ apiVersion: 'v1', kind: 'Pod', name, uid: name })),
      }),
  ],
  [
    'controllers',
    150,
    MAPS,
    (n) =>
      named({
        ownerReferences: names(n).map((name) => ({
          apiVersion: 'v1',
          kind: 'Pod',
          name,
          uid: 'u',
          controller: true,
        })),
      }),
  ],
  [
    'managers',
    150,
    MAPS,
    (n) =>
      named({
        managedFields: names(n).map((manager) => ({
          manager,
          operation: 'Apply',
          apiVersion: 'v1',
          time: '2026-01-01T00:00:00Z',
          fieldsType: 'FieldsV1',
          fieldsV1: { 'f:data': { [`f:${manager}`]: {} } },
        })),
      }),
  ],
  [
    'members of one name',
    2000,
    MAPS,
    (n) => `{"metadata":{"name":"m"},"data":{${some(n, () => '"a":"b"').join(',')}}}`,
  ],
  ['rules', 400, `${RBAC}/namespaces/default/roles`, (n) => roleOf(...some(n, () => rule))],
  ['rules about nothing', 400, `${RBAC}/namespaces/default/roles`, (n) => roleOf(...some(n, () => ({})))],
  [
    'resource names',
    2000,
    `${RBAC}/namespaces/default/roles`,
    (n) => roleOf({ ...rule, resourceNames: names(n) }),
  ],
  ['verbs', 2000, `${RBAC}/clusterroles`, (n) => roleOf({ ...rule, verbs: some(n, () => 'get') })],
  ['URLs', 2000, `${RBAC}/clusterroles`, (n) => roleOf({ verbs: ['get'], nonResourceURLs: names(n, '/') })],
  [
    'selectors',
    150,
    `${RBAC}/clusterroles`,
    (n) => ({
      ...named({ labels: members(n) }),
      aggregationRule: { clusterRoleSelectors: names(n).map((name) => ({ matchLabels: { [name]: 'x' } })) },
    }),
  ],
  [
    'values of a selector',
    1500,
    `${RBAC}/clusterroles`,
    (n) => ({
      ...named(),
      aggregationRule: {
        clusterRoleSelectors: [{ matchExpressions: [{ key: 'a', operator: 'In', values: names(n) }] }],
      },
    }),
  ],
  [
    'subjects',
    400,
    `${RBAC}/namespaces/default/rolebindings`,
    (n) => ({
      ...named(),
      roleRef,
      subjects: names(n).map((name) => ({ kind: 'User', name, apiGroup: roleRef.apiGroup })),
    }),
  ],
  [
    'secrets of an account',
    500,
    `${DEFAULT}/serviceaccounts`,
    (n) => ({ ...named(), secrets: names(n).map((name) => ({ name })) }),
  ],
  [
    'strings of a secret',
    500,
    `${DEFAULT}/secrets`,
    (n) => ({ ...named(), stringData: members(n), data: members(n, 'eA==') }),
  ],
  ['containers', 750, `${DEFAULT}/pods`, (n) => ({ ...named(), spec: { containers: containers(n) } })],
  [
    'containers of one name',
    750,
    `${DEFAULT}/pods`,
    (n) => ({ ...named(), spec: { containers: some(n, () => ({ name: 'c', image: 'i' })) } }),
  ],
  [
    'variables',
    1000,
    `${DEFAULT}/pods`,
    (n) => ({
      ...named(),
      spec: { containers: [{ name: 'c', image: 'i', env: names(n).map((name) => ({ name, value: 'x' })) }] },
    }),
  ],
  [
    'usages',
    1500,
    '/apis/certificates.k8s.io/v1/certificatesigningrequests',
    (n) => ({ ...named(), spec: { request: 'eA==', signerName: 'a.b/c', usages: names(n) } }),
  ],
  [
    'lines of a request',
    300,
    '/apis/certificates.k8s.io/v1/certificatesigningrequests',
    (n) => ({
      ...named(),
      spec: {
        request: btoa(
          `-----BEGIN CERTIFICATE REQUEST-----\n${'AAAA\n'.repeat(n * 10)}-----END CERTIFICATE REQUEST-----\n`,
        ),
        signerName: 'a.b/c',
        usages: ['client auth'],
      },
    }),
  ],
  [
    'headers of a request',
    300,
    '/apis/certificates.k8s.io/v1/certificatesigningrequests',
    (n) => ({
      ...named(),
      spec: {
        request: btoa('-----BEGIN CERTIFICATE REQUEST-----\n'.repeat(n * 2)),
        signerName: 'a.b/c',
        usages: ['client auth'],
      },
    }),
  ],
  [
    'addresses of a node',
    500,
    '/api/v1/nodes',
    (n) => ({
      ...named(),
      status: { addresses: names(n).map((address) => ({ type: 'Hostname', address })) },
    }),
  ],
]

describe('the work of a request to create an object', () => {
  it.each(CREATED)('grows with how many %s it has', async (_, length, path, body) => {
    const ask = await askApi()
    await expectLinearWorkUntil(length, (count) => {
      const sent = body(count)
      const text = typeof sent === 'string' ? sent : JSON.stringify(sent)
      return async () => {
        for (const validation of ['Strict', 'Warn']) {
          await ask('POST', `${path}?dryRun=All&fieldValidation=${validation}`, text)
        }
      }
    })
  })
})
