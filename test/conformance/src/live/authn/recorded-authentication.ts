import type { UserInfo } from '@kube-authn/core'
import type { Recordings } from '../recordings.ts'
import { longRequest } from './long-requests.ts'
import type { RecordedSetup } from './setup.ts'

type Header = readonly [string, string]

/** Strings are latin1: one character per byte. */
export interface AuthenticationRequest {
  readonly method?: string
  readonly target?: string
  readonly headers?: readonly Header[]
  readonly body?: string
  /** The whole request. */
  readonly raw?: string
  /** All fields, including pseudo-headers. */
  readonly fields?: readonly Header[]
  /** The name of the client's certificates. */
  readonly cert?: string
  readonly http2?: boolean
}

/** The server's outcome of a request. */
export interface AuthenticationOutcome {
  readonly outcome: string
  readonly user?: UserInfo
  /** Of a 401. */
  readonly body?: string
  readonly headers?: readonly Header[]
  /** How the connection was closed, if there is no response. */
  readonly detail?: unknown
}

export interface RecordedAuthentication {
  readonly id: string
  readonly setup?: string
  readonly request: AuthenticationRequest
  readonly kubeApiserver: AuthenticationOutcome
}

/** A set-up and its requests. */
export interface RecordedCases {
  readonly name: string
  readonly setup: RecordedSetup
  readonly cases: readonly RecordedAuthentication[]
}

/** The set-ups that have recordings of some kind. */
export function* recordedCases(
  recordings: Recordings,
  isWanted: (request: AuthenticationRequest) => boolean,
): Generator<RecordedCases> {
  for (const file of recordings.files('authn/recorded')) {
    const name = file.replace(/\.ndjson$/, '')
    if (name.startsWith('boot-')) continue
    const all = recordings.lines(`authn/recorded/${file}`) as readonly Partial<RecordedAuthentication>[]
    const cases = all.map(withRequest).filter(({ request }) => isWanted(request))
    if (cases.length > 0) {
      yield { name, setup: recordings.json(`authn/setups/${name}.json`) as RecordedSetup, cases }
    }
  }
}

/** Very long requests were not recorded, since they can be generated again. */
function withRequest({
  id = '',
  setup = '',
  request = longRequest(id),
  kubeApiserver = { outcome: '' },
}: Partial<RecordedAuthentication>): RecordedAuthentication {
  return { id, setup, request, kubeApiserver }
}

const REVIEWS = '/apis/authentication.k8s.io/v1/selfsubjectreviews'
const REVIEW = '{"kind":"SelfSubjectReview","apiVersion":"authentication.k8s.io/v1"}'

/** The request as bytes of HTTP/1.1. */
export function bytesOf(request: AuthenticationRequest): Uint8Array {
  if (request.raw !== undefined) return Buffer.from(request.raw, 'latin1')
  const { method = 'POST', target = REVIEWS, headers = [] } = request
  const body = bodyOf(request)
  const content = body === '' ? [] : ['Content-Type: application/json', `Content-Length: ${body.length}`]
  const lines = [
    `${method} ${target} HTTP/1.1`,
    'Host: localhost',
    ...headers.map(([name, value]) => `${name}: ${value}`),
    ...content,
  ]
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n${body}`, 'latin1')
}

/** The request as fields of HTTP/2. */
export function fieldsOf(request: AuthenticationRequest): readonly Header[] {
  if (request.fields !== undefined) return request.fields
  const { method = 'POST', target = REVIEWS, headers = [] } = request
  const body = bodyOf(request)
  return [
    [':method', method],
    [':scheme', 'https'],
    [':authority', 'localhost'],
    [':path', target],
    ...headers.map(([name, value]): Header => [name.toLowerCase(), value]),
    ...(body === ''
      ? []
      : ([
          ['content-type', 'application/json'],
          ['content-length', String(body.length)],
        ] as const)),
  ]
}

export function bodyOf({
  method = 'POST',
  body = method === 'POST' ? REVIEW : '',
}: AuthenticationRequest): string {
  return body
}
