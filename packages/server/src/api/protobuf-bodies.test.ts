import { beforeEach, describe, expect, it } from 'vitest'
import { envelope, protobuf, type ProtobufField } from '../../../api/test/protobuf.ts'
import { memoryObjectStore } from '@kube-authn/store'
import { kubernetesApi } from './api-handler.ts'
import type { KubernetesApi } from './kubernetes-api.ts'

const PODS = '/api/v1/namespaces/default/pods'

let api: KubernetesApi
beforeEach(async () => {
  api = await kubernetesApi({ store: memoryObjectStore() })
})

async function send(
  method: string,
  path: string,
  body: Uint8Array,
): Promise<{
  readonly status: number
  readonly warning: string | null
  readonly json: Readonly<Record<string, unknown>>
}> {
  const headers = { 'content-type': 'application/vnd.kubernetes.protobuf' }
  const response = await api(
    new Request(`https://api${path}`, { method, headers, body: Uint8Array.from(body) }),
  )
  return {
    status: response.status,
    warning: response.headers.get('warning'),
    json: (await response.json()) as Readonly<Record<string, unknown>>,
  }
}

const named = (name: string, ...more: readonly ProtobufField[]): readonly ProtobufField[] => [
  [1, protobuf([1, name], [2, ''], [8, protobuf()], ...more)],
]

describe('a body in protobuf', () => {
  it('may be a pod, as client-go writes it', async () => {
    const container = protobuf(
      [1, 'c'],
      [2, 'nginx'],
      [5, ''],
      [6, protobuf([1, ''], [2, 0], [3, 80], [4, 'TCP'], [5, ''])],
      [7, protobuf([1, 'A'], [2, '1'])],
      [8, protobuf([1, protobuf([1, 'cpu'], [2, protobuf([1, '500m'])])])],
      [
        10,
        protobuf(
          [
            1,
            protobuf([2, protobuf([1, '/'], [2, protobuf([1, 1], [2, 0], [3, 'http'])], [3, ''], [4, ''])]),
          ],
          [2, 0],
          [3, 0],
        ),
      ],
      [15, protobuf([4, 0])],
      [16, 0],
    )
    const volume = protobuf([1, 'v'], [2, protobuf([19, protobuf([1, protobuf([1, 'settings'])], [3, 420])])])
    const spec = protobuf(
      [1, volume],
      [2, container],
      [3, ''],
      [4, 0],
      [8, 'default'],
      [11, 0],
      [15, protobuf([1, 'pull'])],
      [21, 0],
    )
    const body = envelope('v1', 'Pod', protobuf(...named('p'), [2, spec], [3, protobuf([1, ''])]))
    const { status, warning, json } = await send('POST', `${PODS}?fieldValidation=Strict`, body)
    expect([status, warning, json['spec']]).toEqual([
      201,
      null,
      {
        volumes: [{ name: 'v', configMap: { name: 'settings', defaultMode: 420 } }],
        containers: [
          {
            name: 'c',
            image: 'nginx',
            ports: [{ containerPort: 80, protocol: 'TCP' }],
            env: [{ name: 'A', value: '1' }],
            resources: { limits: { cpu: '500m' } },
            livenessProbe: { httpGet: { path: '/', port: 'http' } },
            securityContext: { runAsUser: 0 },
          },
        ],
        serviceAccount: 'default',
        terminationGracePeriodSeconds: 0,
        serviceAccountName: 'default',
        imagePullSecrets: [{ name: 'pull' }],
        automountServiceAccountToken: false,
      },
    ])
  })

  it('may be a node', async () => {
    const spec = protobuf([1, '10.0.0.0/24'], [4, 1], [5, protobuf([1, 'k'], [3, 'NoSchedule'])])
    const status = protobuf([4, protobuf([1, 'Ready'], [2, 'True'], [3, protobuf([1, 1_800_000_000])])])
    const { json } = await send(
      'POST',
      '/api/v1/nodes',
      envelope('v1', 'Node', protobuf(...named('n'), [2, spec], [3, status])),
    )
    expect([json['spec'], json['status']]).toEqual([
      { podCIDR: '10.0.0.0/24', unschedulable: true, taints: [{ key: 'k', effect: 'NoSchedule' }] },
      { conditions: [{ type: 'Ready', status: 'True', lastHeartbeatTime: '2027-01-15T08:00:00Z' }] },
    ])
  })

  it('may be a service account with all fields of its references', async () => {
    const account = protobuf(...named('s'), [2, protobuf([1, 'Secret'], [2, 'default'], [3, 'x'])], [4, 0])
    const { json } = await send(
      'POST',
      '/api/v1/namespaces/default/serviceaccounts',
      envelope('v1', 'ServiceAccount', account),
    )
    expect([json['secrets'], json['automountServiceAccountToken']]).toEqual([
      [{ kind: 'Secret', namespace: 'default', name: 'x' }],
      false,
    ])
  })

  it('loses no unknown field silently', async () => {
    const pod = envelope(
      'v1',
      'Pod',
      protobuf(...named('p'), [2, protobuf([2, protobuf([1, 'c'], [999, 1])])]),
    )
    const strict = await send('POST', `${PODS}?fieldValidation=Strict`, pod)
    expect([strict.status, strict.json['message']]).toEqual([
      400,
      'strict decoding error: unknown field "spec.containers[0].field-999"',
    ])
    const warned = await send('POST', PODS, pod)
    expect([warned.status, warned.warning, warned.json['spec']]).toEqual([
      201,
      '299 - "unknown field \\"spec.containers[0].field-999\\""',
      { containers: [{ name: 'c' }], serviceAccount: 'default', serviceAccountName: 'default' },
    ])
  })

  it('may say how something is deleted', async () => {
    await send('POST', PODS, envelope('v1', 'Pod', protobuf(...named('p'))))
    const options = (...fields: readonly ProtobufField[]) =>
      envelope('v1', 'DeleteOptions', protobuf(...fields))
    expect((await send('DELETE', `${PODS}/p`, options([2, protobuf([1, 'other'])]))).status).toBe(409)
    expect((await send('DELETE', `${PODS}/p`, options([5, 'All']))).status).toBe(200)
    expect((await send('DELETE', `${PODS}/p`, options([1, 0], [4, 'Background']))).status).toBe(200)
    expect((await send('DELETE', `${PODS}/p`, options())).status).toBe(404)
  })

  it.each([
    ['another kind', envelope('v1', 'Node', protobuf(...named('p')))],
    ['another version', envelope('v2', 'Pod', protobuf(...named('p')))],
    ['an end too early', envelope('v1', 'Pod', protobuf(...named('p'))).slice(0, -1)],
    ['a string for a list of objects', envelope('v1', 'Pod', protobuf(...named('p'), [2, protobuf([3, 1])]))],
    ['nothing', new Uint8Array()],
  ])('is refused with %s', async (_, body) => {
    expect((await send('POST', PODS, body)).status).toBe(400)
  })
})
