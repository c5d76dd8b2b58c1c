import { type Clock, ConfigurationError, emptyContext } from '@kube-authn/core'
import {
  type Authorizer,
  decide,
  type Decision,
  type WebhookAuthorizerOptions,
} from '@kube-authn/core/authorization'
import { webhookAuthorizer } from '@kube-authn/core/remote'
import { webhookAuthorizerAt } from '@kube-authn/node'
import { NotUnderstood } from '../../vector.ts'
import { inFolder, writeFiles } from '../kubeconfig-client.ts'
import { vectorVerdict } from './authorizers.ts'
import { ATTRIBUTES, attributesFrom, type VectorAttributes } from './subjects.ts'
import { type AreaRunner, Differences, type Vector } from './vector.ts'
import { reading } from '../../reading.ts'

interface Server {
  readonly httpStatus?: number
  readonly headers?: Readonly<Record<string, string>>
  readonly allowed?: boolean
  readonly denied?: boolean
  readonly reason?: string
}

/** The files that vectors describe. */
const kubeconfigs: Readonly<Record<string, object>> = {
  'one cluster, one user, no contexts': {
    clusters: [{ name: 'webhook', cluster: { server: 'https://authz.example.com' } }],
    users: [{ name: 'me', user: { token: 'secret' } }],
  },
  'certificate authority file is missing': {
    clusters: [
      {
        name: 'webhook',
        cluster: { server: 'https://authz.example.com', 'certificate-authority': '/nonexistent' },
      },
    ],
    users: [{ name: 'me', user: { token: 'secret' } }],
    contexts: [{ name: 'webhook', context: { cluster: 'webhook', user: 'me' } }],
    'current-context': 'webhook',
  },
}

const ANSWER = 'httpStatus headers allowed denied reason'

interface Given {
  readonly attributes?: VectorAttributes
  readonly attributeLengths?: Readonly<Record<string, number>>
  readonly responseStatus?: Server
  readonly httpStatus?: number
  readonly headers?: Readonly<Record<string, string>>
  readonly sequence?: number | readonly { readonly user: string; readonly server: Server }[]
  readonly failurePolicy?: string
  readonly version?: 'v1' | 'v1beta1'
  readonly kubeconfig?: string | object
}

interface Result {
  readonly calls?: number
  readonly decision?: string
  readonly reason?: string
  readonly error?: string | boolean
}

interface Expect extends Result {
  readonly request?: unknown
  readonly results?: readonly Result[]
  readonly callsEach?: number
  readonly loadError?: boolean
}

export const sarWebhook: AreaRunner = reading(
  {
    given: [
      'attributeLengths httpStatus headers failurePolicy version kubeconfig',
      { attributes: ATTRIBUTES, responseStatus: ANSWER, sequence: ['user', { server: ANSWER }] },
    ],
    expect: [
      'request decision reason error calls callsEach loadError',
      { results: 'calls decision reason error' },
    ],
  },
  async (vector) => {
    const { given, expect } = vector as Vector<Given, Expect>
    const differences = new Differences()
    if (given.kubeconfig !== undefined) {
      differences.compare(
        'load error',
        isLoadError(typeof given.kubeconfig === 'string' ? kubeconfigs[given.kubeconfig] : given.kubeconfig),
        expect.loadError,
      )
      return differences.verdict()
    }
    const { authorizer, server, bodies } = webhook(given)
    const ask = (attributes: VectorAttributes): Promise<Decision> =>
      Promise.resolve(decide(authorizer, attributesFrom(attributes), emptyContext))

    if (given.attributeLengths !== undefined) {
      const texts = Object.entries(given.attributeLengths).map(([field, length]) => [
        field,
        'a'.repeat(length),
      ])
      for (let round = 0; round < Number(given.sequence); round++) {
        bodies.length = 0
        const lengths = Object.fromEntries(texts) as Readonly<Record<string, string>>
        await ask({ resourceRequest: true, user: { name: 'jane' }, ...lengths })
        differences.compare(`calls in round ${round}`, bodies.length, expect.callsEach)
      }
    } else if (Array.isArray(given.sequence)) {
      for (const [index, { user, server: answer }] of given.sequence.entries()) {
        bodies.length = 0
        server.answer = answer
        const decision = await ask({ verb: 'get', path: '/', user: { name: user } })
        compare(differences, decision, bodies.length, expect.results?.[index] ?? {})
      }
    } else {
      const decision = await ask(given.attributes ?? { verb: 'get', path: '/', user: { name: 'jane' } })
      compare(differences, decision, bodies.length, expect)
      if (expect.request !== undefined) {
        differences.compare('request', JSON.parse(bodies[0] ?? 'null'), expect.request)
      }
    }
    return differences.verdict()
  },
)

function isLoadError(kubeconfig: object | undefined): boolean {
  if (kubeconfig === undefined) throw new NotUnderstood('given.kubeconfig')
  return inFolder((folder) => {
    const [path = ''] = writeFiles(folder, { kubeconfig: JSON.stringify(kubeconfig) })
    try {
      webhookAuthorizerAt(path).close()
      return false
    } catch (error) {
      return error instanceof ConfigurationError
    }
  })
}

function webhook(given: Given): {
  readonly authorizer: Authorizer
  readonly server: { answer: Server }
  readonly bodies: string[]
} {
  const bodies: string[] = []
  const answer = given.responseStatus ?? { allowed: true, ...given }
  const server: { answer: Server } = { answer }
  const options: WebhookAuthorizerOptions = {
    url: 'https://authz.example.com/authorize',
    clock: impatientClock,
    random: () => 0,
    ...(given.failurePolicy !== undefined && {
      failurePolicy: given.failurePolicy.toLowerCase() === 'deny' ? 'deny' : 'noOpinion',
    }),
    ...(given.version !== undefined && { version: given.version }),
    fetch(_, { body }) {
      bodies.push(body)
      const { httpStatus = 200, headers = {}, ...status } = server.answer
      return Promise.resolve(new Response(JSON.stringify({ status }), { status: httpStatus, headers }))
    },
  }
  return { authorizer: webhookAuthorizer(options), server, bodies }
}

/** Short waits end at once; the timeout of a decision does not. */
const impatientClock: Clock = {
  now: () => 1,
  after(milliseconds, callback) {
    if (milliseconds < 10_000) queueMicrotask(callback)
    return () => undefined
  },
}

function compare(differences: Differences, decision: Decision, calls: number, expected: Result): void {
  if (expected.calls !== undefined) differences.compare('calls', calls, expected.calls)
  if (expected.decision !== undefined) {
    differences.compare('decision', vectorVerdict(decision), expected.decision)
  }
  if (expected.reason !== undefined) differences.compare('reason', decision.reason, expected.reason)
  const { error } = expected
  if (typeof error === 'boolean') differences.compare('has an error', decision.error !== undefined, error)
  else if (error !== undefined) differences.compare('error', decision.error?.message, error)
}
