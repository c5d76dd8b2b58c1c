import { decodeObject } from '@kube-authn/api/internal'
import { describe, expect, it } from 'vitest'
import { envelope, protobuf, type ProtobufField } from '../../../api/test/protobuf.ts'
import { objectTypeOf } from './object-types.ts'

function decoded(apiVersion: string, kind: string, raw: Uint8Array) {
  const type = objectTypeOf(kind)
  if (type === undefined) throw new Error(`${kind} is not declared`)
  return decodeObject(envelope(apiVersion, kind, raw), { kind, type })
}

describe('protobuf', () => {
  it('reads a ServiceAccount', () => {
    const metadata = protobuf(
      [1, 'jenkins'],
      [11, protobuf([1, 'app'], [2, 'ci'])],
      [11, protobuf([1, 'bare'])],
    )
    const raw = protobuf([1, metadata], [2, protobuf([3, 's'])], [3, protobuf([1, 'p'])], [4, 0])
    expect(decoded('v1', 'ServiceAccount', raw)).toEqual({
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: { name: 'jenkins', labels: { app: 'ci', bare: '' } },
      secrets: [{ name: 's' }],
      imagePullSecrets: [{ name: 'p' }],
      automountServiceAccountToken: false,
    })
  })

  it.each<[string, string, readonly ProtobufField[], object]>([
    ['v1', 'Namespace', [[2, protobuf([1, 'kubernetes'])]], { spec: { finalizers: ['kubernetes'] } }],
    [
      'v1',
      'Secret',
      [
        [2, protobuf([1, 'a'], [2, Uint8Array.of(0xff, 0)])],
        [2, protobuf([1, '__proto__'])],
        [3, 'Opaque'],
        [4, protobuf([1, 'b'], [2, 'c'])],
        [5, 1],
      ],
      JSON.parse(
        '{"data":{"a":"/wA=","__proto__":""},"type":"Opaque","stringData":{"b":"c"},"immutable":true}',
      ) as object,
    ],
    [
      'v1',
      'ConfigMap',
      [
        [2, protobuf([1, 'a'], [2, 'b'])],
        [3, protobuf([1, 'c'], [2, Uint8Array.of(1)])],
      ],
      { data: { a: 'b' }, binaryData: { c: 'AQ==' } },
    ],
    [
      'rbac.authorization.k8s.io/v1',
      'Role',
      [[2, protobuf([1, 'get'], [2, ''], [3, 'pods'], [4, 'x'], [5, '/y'])]],
      {
        rules: [
          {
            verbs: ['get'],
            apiGroups: [''],
            resources: ['pods'],
            resourceNames: ['x'],
            nonResourceURLs: ['/y'],
          },
        ],
      },
    ],
    [
      'rbac.authorization.k8s.io/v1',
      'ClusterRole',
      [
        [
          3,
          protobuf([
            1,
            protobuf([1, protobuf([1, 'a'], [2, 'b'])], [2, protobuf([1, 'k'], [2, 'In'], [3, 'v'])]),
          ]),
        ],
      ],
      {
        aggregationRule: {
          clusterRoleSelectors: [
            { matchLabels: { a: 'b' }, matchExpressions: [{ key: 'k', operator: 'In', values: ['v'] }] },
          ],
        },
      },
    ],
    ...['RoleBinding', 'ClusterRoleBinding'].map(
      (kind): [string, string, readonly ProtobufField[], object] => [
        'rbac.authorization.k8s.io/v1',
        kind,
        [
          [2, protobuf([1, 'User'], [2, 'g'], [3, 'jane'], [4, 'ns'])],
          [3, protobuf([1, 'g'], [2, 'Role'], [3, 'r'])],
        ],
        {
          subjects: [{ kind: 'User', apiGroup: 'g', name: 'jane', namespace: 'ns' }],
          roleRef: { apiGroup: 'g', kind: 'Role', name: 'r' },
        },
      ],
    ),
  ])('reads every field of %s %s', (apiVersion, kind, fields, expected) => {
    const owner = protobuf([1, 'Pod'], [3, 'p'], [4, 'u'], [5, 'v1'], [6, 1], [7, 0])
    const raw = protobuf([1, protobuf([1, 'x'], [13, owner])], ...fields)
    const { metadata, apiVersion: version, kind: read, ...rest } = decoded(apiVersion, kind, raw)
    expect([version, read]).toEqual([apiVersion, kind])
    expect(metadata).toEqual({
      name: 'x',
      ownerReferences: [
        { kind: 'Pod', name: 'p', uid: 'u', apiVersion: 'v1', controller: true, blockOwnerDeletion: false },
      ],
    })
    expect(rest).toEqual(expected)
  })

  it('reads a CertificateSigningRequest with its conditions', () => {
    const condition = protobuf(
      [1, 'Approved'],
      [2, 'KubectlApprove'],
      [4, protobuf([1, 1_700_000_000])],
      [6, 'True'],
    )
    const raw = protobuf(
      [2, protobuf([1, Uint8Array.of(0xff, 0, 1)], [5, 'client auth'], [8, 3600])],
      [3, protobuf([1, condition])],
    )
    const kind = 'CertificateSigningRequest'
    expect(decoded('certificates.k8s.io/v1', kind, raw)).toMatchObject({
      spec: { request: '/wAB', usages: ['client auth'], expirationSeconds: 3600 },
      status: {
        conditions: [
          {
            type: 'Approved',
            reason: 'KubectlApprove',
            lastUpdateTime: '2023-11-14T22:13:20Z',
            status: 'True',
          },
        ],
      },
    })
  })
})
