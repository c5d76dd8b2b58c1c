import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { context, SpanKind, SpanStatusCode, trace, type Tracer } from '@opentelemetry/api'
import {
  AlwaysOffSampler,
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
  type SpanProcessor,
} from '@opentelemetry/sdk-trace-base'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  authorized,
  fails,
  jane,
  knows,
  later,
  noOpinion,
  request,
  requests,
  tokens,
} from '../../../testing/test/fakes.ts'
import {
  type Authenticator,
  authenticatorChain,
  bearerToken,
  explain,
  rejected,
  unavailable,
  userInfo,
} from '@kube-authn/core'
import { authenticateRequest } from '@kube-authn/core/adapter'
import type { AuthenticateRequestContext, AuthenticateRequestOptions } from '@kube-authn/core/internal'
import { cached } from '@kube-authn/core/remote'
import { openTelemetry, type OpenTelemetryOptions } from './open-telemetry.ts'

beforeAll(() => void context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable()))
afterAll(() => context.disable())

const SECRET = 'c2VjcmV0'

function recording(...processors: readonly SpanProcessor[]) {
  const exporter = new InMemorySpanExporter()
  let open = 0
  const counting: SpanProcessor = {
    onStart: () => void open++,
    onEnd: () => void open--,
    forceFlush: async () => {},
    shutdown: async () => {},
  }
  const provider = new BasicTracerProvider({
    spanProcessors: [counting, new SimpleSpanProcessor(exporter), ...processors],
  })
  return {
    tracer: provider.getTracer('test'),
    spans: (): readonly ReadableSpan[] => exporter.getFinishedSpans(),
    open: () => open,
  }
}

async function traced(
  authenticator: Authenticator,
  options: Omit<OpenTelemetryOptions, 'tracer'> = {},
  given?: AuthenticateRequestContext,
) {
  const { tracer, spans, open } = recording()
  const { tracing } = openTelemetry({ ...options, tracer })
  const outcome = await authenticateRequest(authenticator, { tracing })(authorized(`Bearer ${SECRET}`), given)
  expect(open()).toBe(0)
  expect(spans()).toHaveLength(1)
  const [span] = spans()
  if (span === undefined) throw new Error('no span')
  return { span, outcome, status: 'failure' in outcome ? outcome.failure.status : 200 }
}

describe('a span of an authentication', () => {
  it.each([
    ['at once', <T>(answer: T): T => answer],
    ['later', later],
  ] as const)('tells an outcome that is decided %s', async (_, when) => {
    const known = await traced(requests(when(knows(jane)), 'mine'))
    expect([known.span.name, known.span.kind, known.status]).toEqual(['authenticate', SpanKind.INTERNAL, 200])
    expect(known.span.attributes).toEqual({
      'kube_authn.outcome': 'authenticated',
      'kube_authn.authenticator': 'mine',
    })
    expect(known.span.status.code).toBe(SpanStatusCode.UNSET)
    const unknown = await traced(requests(when(noOpinion)))
    expect([unknown.status, unknown.span.attributes]).toEqual([401, { 'kube_authn.outcome': 'noOpinion' }])
    const refused = await traced(requests(when(fails(rejected(`bad ${SECRET}`)))))
    expect([refused.status, refused.span.attributes]).toEqual([401, { 'kube_authn.outcome': 'rejected' }])
    expect(refused.span.status.code).toBe(SpanStatusCode.UNSET)
  })

  it.each([
    ['an outage', unavailable(`down ${SECRET}`)],
    ['a fault', new TypeError(SECRET)],
  ])('is an error for %s, by its kind alone', async (_, thrown) => {
    const { span } = await traced(requests(later(fails(thrown))))
    expect(span.attributes).toEqual({ 'kube_authn.outcome': 'unavailable', 'error.type': 'unavailable' })
    expect(span.status).toEqual({ code: SpanStatusCode.ERROR })
    expect([span.events, span.links]).toEqual([[], []])
  })

  it.each([
    ['who has no name', knows(userInfo({ username: '' }))],
    ['of other audiences', knows(jane, { audiences: ['other'] })],
  ])('names no authenticator for a user %s', async (_, answer) => {
    const { span, status } = await traced({ ...requests(answer), audiences: ['api'] })
    expect([status, span.attributes]).toEqual([401, { 'kube_authn.outcome': 'rejected' }])
  })

  it('names the innermost authenticator that knew the caller, after others that did not', async () => {
    const first = tokens(noOpinion, 'first')
    const second = tokens(later(knows(jane)), 'second')
    const { span } = await traced(authenticatorChain({ tokens: [first, second] }))
    expect(span.attributes['kube_authn.authenticator']).toBe('second')
  })

  it('says nothing of the user, and nothing of what was sent', async () => {
    const user = userInfo({ username: 'jane@corp', uid: '77', groups: ['g'], extra: { k: ['v'] } })
    const { span } = await traced(bearerToken(tokens(knows(user))))
    expect(JSON.stringify([span.attributes, span.name, span.events])).not.toMatch(/jane|corp|77|c2VjcmV0/)
  })

  it('says of the user what the options say', async () => {
    const { span } = await traced(requests(knows(jane)), {
      endUserId: ({ username }) => username,
      endUserPseudoId: ({ uid }) => `#${uid}`,
    })
    expect(span.attributes).toMatchObject({ 'enduser.id': 'jane', 'enduser.pseudo.id': '#1' })
    const unknown = await traced(requests(noOpinion), { endUserId: () => 'x' })
    expect(unknown.span.attributes).toEqual({ 'kube_authn.outcome': 'noOpinion' })
  })

  it.each([
    ['throws', () => fails(new Error(SECRET))() as never],
    ['returns nothing', () => undefined],
    ['returns a value that is not a string', () => 7 as unknown as string],
  ])('ends all the same, and the request passes, where an option %s', async (_, endUserId) => {
    const { span, status } = await traced(requests(knows(jane)), { endUserId })
    expect(status).toBe(200)
    expect(span.attributes).not.toHaveProperty('enduser.id')
  })

  it('covers a request that is refused unread', async () => {
    const { tracer, spans } = recording()
    const { tracing } = openTelemetry({ tracer })
    const { failure } = (await authenticateRequest(requests(noOpinion))(request())) as never
    await authenticateRequest(requests(knows(jane)), { tracing })({ ...request(), refusal: failure })
    expect(spans().map(({ attributes }) => attributes)).toEqual([{ 'kube_authn.outcome': 'rejected' }])
  })

  it('takes as long as the authentication', async () => {
    let end = (): void => {}
    const { tracer, spans } = recording()
    const { tracing } = openTelemetry({ tracer })
    const waiting = requests(async () => {
      await new Promise<void>((resolve) => (end = resolve))
      return { user: jane }
    })
    const outcome = authenticateRequest(waiting, { tracing })(request())
    await Promise.resolve()
    expect(spans()).toEqual([])
    end()
    await outcome
    expect(spans()).toHaveLength(1)
  })
})

describe('the parent of a span', () => {
  it('is what is active, and what is done for the request is inside the span, now and later', async () => {
    const { tracer, spans } = recording()
    const { tracing } = openTelemetry({ tracer })
    const inside = (name: string): void => tracer.startSpan(name).end()
    const authenticate = authenticateRequest(
      requests(async () => {
        inside('at once')
        await new Promise((resolve) => void setImmediate(resolve))
        inside('later')
        return { user: jane }
      }),
      { tracing },
    )
    await tracer.startActiveSpan('server', async (server) => {
      await authenticate(request())
      inside('after')
      server.end()
    })
    const named = (name: string) => spans().find((span) => span.name === name)
    const idOf = (name: string) => named(name)?.spanContext().spanId
    const parentOf = (name: string) => named(name)?.parentSpanContext?.spanId
    expect(parentOf('authenticate')).toBe(idOf('server'))
    expect([parentOf('at once'), parentOf('later')]).toEqual([idOf('authenticate'), idOf('authenticate')])
    expect(parentOf('after')).toBe(idOf('server'))
    expect(new Set(spans().map((span) => span.spanContext().traceId)).size).toBe(1)
  })

  it('is none where none is active', async () => {
    const { span } = await traced(requests(knows(jane)))
    expect(span.parentSpanContext).toBeUndefined()
  })

  it('is right for requests at the same time, with an authenticator of their own each', async () => {
    const { tracer, spans } = recording()
    const { tracing } = openTelemetry({ tracer })
    const names = Array.from({ length: 20 }, (_, index) => `t${index}`)
    const knowing = names.map((name, index) =>
      tokens(async (token) => {
        for (let turn = 0; turn < (index * 7) % 5; turn++) await Promise.resolve()
        return token === name ? { user: userInfo({ username: name }) } : undefined
      }, name),
    )
    const authenticate = authenticateRequest(authenticatorChain({ tokens: knowing }), { tracing })
    await Promise.all(
      names.map((name) =>
        tracer.startActiveSpan(`parent ${name}`, async (parent) => {
          await authenticate(authorized(`Bearer ${name}`))
          parent.end()
        }),
      ),
    )
    for (const name of names) {
      const parent = spans().find((span) => span.name === `parent ${name}`)
      const own = spans().find((span) => span.parentSpanContext?.spanId === parent?.spanContext().spanId)
      expect(own?.attributes['kube_authn.authenticator']).toBe(name)
    }
  })

  it('is right where two requests wait for one lookup', async () => {
    const { tracer, spans, open } = recording()
    const { tracing } = openTelemetry({ tracer })
    const authenticate = authenticateRequest(bearerToken(cached(tokens(later(knows(jane)), 'slow'))), {
      tracing,
    })
    await Promise.all([authenticate(authorized('Bearer t')), authenticate(authorized('Bearer t'))])
    expect(open()).toBe(0)
    expect(spans().map(({ attributes }) => attributes['kube_authn.outcome'])).toEqual([
      'authenticated',
      'authenticated',
    ])
  })
})

describe('a span of a request whose client goes away', () => {
  const never = requests(() => new Promise<never>(() => {}))

  it('ends then, though the authenticator never does', () => {
    const { tracer, spans, open } = recording()
    const controller = new AbortController()
    void authenticateRequest(never, { tracing: openTelemetry({ tracer }).tracing })(request(), {
      signal: controller.signal,
    })
    expect([open(), spans().length]).toEqual([1, 0])
    controller.abort()
    expect(open()).toBe(0)
    expect(spans()[0]?.attributes).toEqual({ 'kube_authn.outcome': 'canceled' })
    expect(spans()[0]?.status.code).toBe(SpanStatusCode.UNSET)
  })

  it('ends where the client was gone before', () => {
    const { tracer, spans } = recording()
    const { tracing } = openTelemetry({ tracer })
    void authenticateRequest(never, { tracing })(request(), { signal: AbortSignal.abort() })
    expect(spans()[0]?.attributes).toEqual({ 'kube_authn.outcome': 'canceled' })
  })

  it('ends once, whatever is decided afterwards', async () => {
    const { tracer, spans, open } = recording()
    const controller = new AbortController()
    const { tracing } = openTelemetry({ tracer })
    const outcome = authenticateRequest(requests(later(knows(jane))), { tracing })(request(), {
      signal: controller.signal,
    })
    controller.abort()
    expect(await outcome).toHaveProperty('authentication')
    expect([open(), spans().length]).toEqual([0, 1])
  })

  it('leaves no listener behind, and reads no signal where it is decided at once', async () => {
    const { tracer } = recording()
    const { tracing } = openTelemetry({ tracer })
    const listeners = new Set<unknown>()
    const signal = Object.assign(new AbortController().signal, {
      addEventListener: (_: string, listener: unknown) => void listeners.add(listener),
      removeEventListener: (_: string, listener: unknown) => void listeners.delete(listener),
    })
    let reads = 0
    const given = {
      get signal() {
        reads++
        return signal
      },
    }
    await authenticateRequest(requests(knows(jane)), { tracing })(request(), given)
    expect(reads).toBe(0)
    const outcome = authenticateRequest(requests(later(knows(jane))), { tracing })(request(), given)
    expect([reads, listeners.size]).toEqual([1, 1])
    await outcome
    expect(listeners.size).toBe(0)
  })
})

describe('a tracer that', () => {
  const broken = (members: Partial<Tracer>): Tracer => ({ ...recording().tracer, ...members })

  it('does not record costs no events, and hands on who its parent is', async () => {
    const provider = new BasicTracerProvider({ sampler: new AlwaysOffSampler() })
    const { tracing } = openTelemetry({ tracer: provider.getTracer('test') })
    const seen: unknown[] = []
    const asking = requests((_, { observer }) => {
      seen.push(observer, trace.getActiveSpan()?.isRecording())
      return { user: jane }
    })
    expect(await authenticateRequest(asking, { tracing })(request())).toHaveProperty('authentication')
    expect(seen).toEqual([undefined, false])
  })

  it('throws decides nothing', async () => {
    const tracer = broken({
      startSpan: () => {
        throw new Error('broken')
      },
    })
    const asked = requests(knows(jane))
    const { tracing } = openTelemetry({ tracer })
    expect(await authenticateRequest(asked, { tracing })(request())).toHaveProperty('authentication')
    expect(asked.calls).toHaveLength(1)
  })

  it('throws when spans end decides nothing either, nor when the client goes away', async () => {
    const throwing: SpanProcessor = {
      onStart: () => {},
      onEnd: () => {
        throw new Error('broken')
      },
      forceFlush: async () => {},
      shutdown: async () => {},
    }
    const { tracer, open } = recording(throwing)
    const { tracing } = openTelemetry({ tracer })
    const outcome = await authenticateRequest(requests(later(knows(jane))), { tracing })(request())
    expect(outcome).toHaveProperty('authentication')
    const controller = new AbortController()
    void authenticateRequest(
      requests(() => new Promise<never>(() => {})),
      { tracing },
    )(request(), controller)
    controller.abort()
    expect(open()).toBe(0)
  })
})

describe('explain', () => {
  it('makes no span, also with the options of a middleware', async () => {
    const { tracer, spans } = recording()
    const options: AuthenticateRequestOptions = { realm: 'app', tracing: openTelemetry({ tracer }).tracing }
    await explain(requests(knows(jane)), new Request('http://app/'), options)
    expect(spans()).toEqual([])
  })
})
