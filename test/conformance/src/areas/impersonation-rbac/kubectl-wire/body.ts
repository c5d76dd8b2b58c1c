import { memberOf } from '@kube-authn/core/internal'
import { NotUnderstood } from '../../../vector.ts'

/** The fields of a message of protobuf. */
type Message = readonly (readonly [number: number, value: string | Uint8Array | Message])[]

/** A command line, without `kubectl`. */
export interface Command {
  /** Without options. */
  readonly words: readonly string[]
  readonly namespace: string
}

export function commandOf(line: string): Command {
  const all = line.trim().split(/\s+/).slice(1)
  const named = all.findIndex((word) => word === '-n' || word === '--namespace')
  const namespace = named === -1 ? 'default' : (all[named + 1] ?? '')
  const words = all.filter((word, index) => !word.startsWith('-') && (named === -1 || index !== named + 1))
  return { words, namespace }
}

/**
 * The body that kubectl sends to this path, in protobuf.
 *
 * Source: `generated.proto` of api `authentication/v1`, `authorization/v1`, `certificates/v1`, `core/v1`, and of apimachinery `meta/v1`, `runtime`.
 *
 * @param last the object that it got before.
 * @throws {NotUnderstood} for a path to which no command of a vector writes.
 */
export function bodyFor(path: string, { words, namespace }: Command, last: unknown): Uint8Array<ArrayBuffer> {
  const [resource = ''] = path.split('?', 1)[0]?.split('/').slice(-1) ?? []
  const [, , verb = '', target = ''] = words
  const nonResource: Message = [
    [1, target],
    [2, verb],
  ]
  const ofResource: Message = [
    [1, namespace],
    [2, verb],
    [5, target],
  ]
  switch (resource) {
    case 'selfsubjectreviews':
      return object('authentication.k8s.io/v1', 'SelfSubjectReview', [])
    case 'selfsubjectaccessreviews':
      return object('authorization.k8s.io/v1', 'SelfSubjectAccessReview', [
        [2, target.startsWith('/') ? [[2, nonResource]] : [[1, ofResource]]],
      ])
    case 'selfsubjectrulesreviews':
      return object('authorization.k8s.io/v1', 'SelfSubjectRulesReview', [[2, [[1, namespace]]]])
    case 'serviceaccounts':
      return object('v1', 'ServiceAccount', [[1, [[1, words[2] ?? '']]]])
    case 'approval':
      return object('certificates.k8s.io/v1', 'CertificateSigningRequest', decided(last, words[1] === 'deny'))
    default:
      throw new NotUnderstood(`expect.requests.path ${path}`)
  }
}

/** A CertificateSigningRequest, approved or denied by `kubectl certificate`. */
function decided(request: unknown, isDenied: boolean): Message {
  const at = (part: string, name: string): string => {
    const value = memberOf(memberOf(request, part), name)
    return typeof value === 'string' ? value : ''
  }
  const usages = memberOf(memberOf(request, 'spec'), 'usages')
  const condition: Message = [
    [1, isDenied ? 'Denied' : 'Approved'],
    [2, isDenied ? 'KubectlDeny' : 'KubectlApprove'],
    [3, 'by kubectl'],
    [6, 'True'],
  ]
  return [
    [
      1,
      [
        [1, at('metadata', 'name')],
        [5, at('metadata', 'uid')],
        [6, at('metadata', 'resourceVersion')],
      ],
    ],
    [
      2,
      [
        [1, Buffer.from(at('spec', 'request'), 'base64')],
        [2, at('spec', 'username')],
        ...(Array.isArray(usages) ? usages.map((usage) => [5, String(usage)] as const) : []),
        [7, at('spec', 'signerName')],
      ],
    ],
    [3, [[1, condition]]],
  ]
}

function object(apiVersion: string, kind: string, raw: Message): Uint8Array<ArrayBuffer> {
  const type: Message = [
    [1, apiVersion],
    [2, kind],
  ]
  return new Uint8Array([
    ...new TextEncoder().encode('k8s\0'),
    ...encoded([[1, type]]),
    ...field(2, encoded(raw)),
  ])
}

function encoded(message: Message): readonly number[] {
  return message.flatMap(([number, value]) => {
    if (typeof value === 'string') return field(number, [...new TextEncoder().encode(value)])
    return field(number, value instanceof Uint8Array ? [...value] : encoded(value))
  })
}

/** A field of bytes. Source: Protocol Buffers, encoding: tags and lengths are varints. */
function field(number: number, bytes: readonly number[]): readonly number[] {
  const { length } = bytes
  if (length > 16_383) throw new Error('the field is too long for the runner')
  const size = length > 127 ? [(length & 127) | 128, length >> 7] : [length]
  return [(number << 3) | 2, ...size, ...bytes]
}
