import { memberOf } from '@kube-authn/core/internal'
import { NotApplicable, NotUnderstood } from '../../../vector.ts'
import type { VectorHeader } from '../request.ts'
import { type AreaRunner, Differences, type Vector } from '../vector.ts'
import { bodyFor, type Command, commandOf } from './body.ts'
import { plainHttpHeaders } from './plain-http.ts'
import { printedFor } from './printed.ts'
import { type CaseAnswer, kubectlServer, type Served } from './server.ts'
import { unservedGroup } from './unserved-group.ts'
import { reading } from '../../../reading.ts'

interface Given {
  readonly command: string
  readonly answer?: CaseAnswer
  readonly server?: string
  readonly user?: { readonly token?: string }
}

interface WireRequest {
  readonly method: string
  readonly path: string
  readonly accept?: string
  readonly contentType?: string
  readonly headers?: readonly VectorHeader[]
  readonly decodedBody?: unknown
}

interface Expect {
  readonly requests?: readonly WireRequest[]
  readonly stdout?: string
  readonly stderr?: string
  readonly stderrPrefix?: string
  readonly stderrContains?: string
  readonly exitCode?: number
  readonly headers?: readonly VectorHeader[]
  readonly authorizationHeader?: string | null
}

const DISCOVERY =
  'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json'

/**
 * What kubectl sends, sent to our handlers, and what it makes of our answers. The interop suite runs kubectl itself.
 */
export const kubectlWire: AreaRunner = reading(
  {
    given: ['command server', { answer: ['message', { status: 'allowed reason' }], user: 'token' }],
    expect: [
      'stdout stderr stderrPrefix stderrContains exitCode headers authorizationHeader',
      { requests: 'method path accept contentType headers decodedBody' },
    ],
  },
  async (vector) => {
    const { given, expect } = vector as Vector<Given, Expect>
    const differences = new Differences()
    if (given.server?.startsWith('http:') === true) {
      const sent = await plainHttpHeaders(given.user ?? {}, actingHeaders(given.command))
      differences.compare('Authorization', sent.authorization ?? null, expect.authorizationHeader)
      differences.compare('headers', sent.others, expect.headers)
      return differences.verdict()
    }
    const command = commandOf(given.command)
    const { requests = [onlyRequestOf(command)] } = expect
    if (requests.length === 0)
      throw new NotApplicable('kubectl refuses the options, and sends nothing; the interop suite runs it')
    const serve = await kubectlServer({
      answer: given.answer ?? {},
      isEmpty: command.words[0] === 'create',
      isAboutOneself: command.words[1] === 'whoami',
    })
    const unserved = await unservedGroup(serve, requests)
    if (unserved !== undefined) throw new NotUnderstood(`given.command: ${unserved} is not served`)
    let last: unknown
    let status = 0
    for (const [position, wanted] of requests.entries()) {
      const where = `${wanted.method} ${wanted.path}`
      const headers = headersOf(wanted, given.command)
      const { method, path } = wanted
      const body = wanted.contentType === undefined ? {} : { body: bodyFor(path, command, last) }
      const served = await serve({ method, path, headers, ...body })
      ;({ status } = served.response)
      last = await served.response.json()
      const isLast = position === requests.length - 1
      differences.compare(`status of ${where}`, status, statusFor(wanted, isLast ? given.answer : undefined))
      compareForm(differences, where, wanted, served, last)
      compareUser(differences, headers, served)
      if (wanted.decodedBody !== undefined) {
        differences.compare(`object of ${where}`, partOf(last, wanted.decodedBody), wanted.decodedBody)
      }
    }
    const printed = printedFor(command, status, last)
    for (const field of ['stdout', 'stderr', 'exitCode'] as const) {
      if (expect[field] !== undefined) differences.compare(field, printed[field], expect[field])
    }
    const { stderrPrefix = '', stderrContains = '' } = expect
    differences.compare('stderr', printed.stderr.slice(0, stderrPrefix.length), stderrPrefix)
    if (!printed.stderr.includes(stderrContains))
      differences.compare('stderr', printed.stderr, stderrContains)
    return differences.verdict()
  },
)

/** The request of a command for which a case names none. */
function onlyRequestOf({ words, namespace }: Command): WireRequest {
  const [verb, noun, name] = words
  if (verb === 'auth' && noun === 'whoami') {
    return {
      method: 'POST',
      path: '/apis/authentication.k8s.io/v1/selfsubjectreviews',
      contentType: 'application/vnd.kubernetes.protobuf',
    }
  }
  if (verb === 'get' && noun === 'sa' && name !== undefined) {
    return {
      method: 'GET',
      path: `/api/v1/namespaces/${namespace}/serviceaccounts/${name}`,
      accept: 'application/json',
    }
  }
  throw new NotUnderstood(`given.command ${words.join(' ')}`)
}

function headersOf(
  { path, accept, contentType, headers = [] }: WireRequest,
  line: string,
): readonly VectorHeader[] {
  const isDiscovery = /^\/apis?\?/.test(path)
  const isNamed = headers.some(([name]) => name === 'Impersonate-User')
  return [
    ['Authorization', 'Bearer token'],
    ['Accept', accept ?? (isDiscovery ? DISCOVERY : 'application/vnd.kubernetes.protobuf,application/json')],
    ...(contentType === undefined ? [] : [['Content-Type', contentType] as const]),
    ...(isNamed ? [] : actingHeaders(line)),
    ...headers,
  ]
}

function actingHeaders(line: string): readonly VectorHeader[] {
  const acting = /--as[= ](\S+)/.exec(line)?.[1]
  return acting === undefined ? [] : [['Impersonate-User', acting]]
}

function statusFor({ method }: WireRequest, answer: CaseAnswer | undefined): number {
  if (typeof answer?.status === 'number') return answer.status
  return method === 'POST' ? 201 : 200
}

/** Discovery in one document, and a table, where kubectl asks for them. */
function compareForm(
  differences: Differences,
  where: string,
  { path, accept }: WireRequest,
  { response }: Served,
  body: unknown,
): void {
  const type = response.headers.get('content-type')
  const isDiscovery = /^\/apis?\?/.test(path)
  differences.compare(
    `type of ${where}`,
    type,
    isDiscovery ? 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList' : 'application/json',
  )
  if (accept?.includes('as=Table') === true && response.ok) {
    differences.compare(`kind of ${where}`, memberOf(body, 'kind'), 'Table')
  }
}

/** Whom the headers make of the caller: groups are not split. */
function compareUser(differences: Differences, headers: readonly VectorHeader[], { user }: Served): void {
  const named = (wanted: string): readonly string[] =>
    headers.filter(([name]) => name === wanted).map(([, value]) => value)
  const [username] = named('Impersonate-User')
  if (user === undefined || username === undefined) return
  differences.compare('user', user.username, username)
  differences.compare(
    'groups',
    user.groups.filter((group) => group !== 'system:authenticated'),
    named('Impersonate-Group'),
  )
  differences.compare('uid', user.uid, named('Impersonate-Uid')[0] ?? '')
  const extra = new Map<string, string[]>()
  for (const [name, value] of headers) {
    const [, key] = /^impersonate-extra-(.+)$/i.exec(name) ?? []
    if (key === undefined) continue
    const decoded = decodeURIComponent(key.toLowerCase())
    extra.set(decoded, [...(extra.get(decoded) ?? []), value])
  }
  differences.compare('extra', user.extra, Object.fromEntries(extra))
}

/** Restricts a value to the members of `part`. */
function partOf(value: unknown, part: unknown): unknown {
  if (typeof part !== 'object' || part === null || Array.isArray(part)) return value
  return Object.fromEntries(
    Object.entries(part).map(([key, inner]) => [key, partOf(memberOf(value, key), inner)]),
  )
}
