import { describe, expect, it } from 'vitest'
import { settled } from '../../../test/fakes.ts'
import { impatientClock } from '../../../test/webhooks.ts'
import { authorizeRequest } from '../authorize-request.ts'
import { attributesOf } from '../attributes.ts'
import { decide } from '../decide.ts'
import type { Decision } from '../decision.ts'
import { fetchRequest } from '../../request/fetch-request.ts'
import { userInfo } from '../../authenticator/user.ts'
import { webhookAuthorizer, type WebhookAuthorizerOptions } from './webhook-authorizer.ts'

const jane = userInfo({ username: 'jane' })

/** A webhook that allows `/yes`, and answers on demand. */
function webhook(options: Partial<WebhookAuthorizerOptions> = {}) {
  const open: (() => void)[] = []
  let mode: 'answers' | 'hangs' | 'is down' = 'answers'
  let calls = 0
  const authorizer = webhookAuthorizer({
    url: 'https://authz.example.com/',
    clock: impatientClock(),
    random: () => 0.5,
    async fetch(_, init) {
      calls++
      if (mode === 'hangs') await new Promise<void>((resolve) => open.push(resolve))
      if (mode === 'is down') return new Response(null, { status: 500 })
      return Response.json({ kind: 'SubjectAccessReview', status: { allowed: init.body.includes('"/yes') } })
    },
    ...options,
  })
  const ask = async (path: string, signal?: AbortSignal): Promise<Decision> =>
    decide(authorizer, attributesOf(jane, { verb: 'get', path }), signal === undefined ? {} : { signal })
  const endAll = async (): Promise<void> => {
    for (const end of open.splice(0)) end()
    await settled()
  }
  return { authorizer, ask, open, endAll, is: (next: typeof mode) => void (mode = next), calls: () => calls }
}

describe('questions to the authorization webhook', () => {
  it('are 64 at once, and 256 that wait, where nothing else is said', async () => {
    const { ask, open, is, endAll } = webhook()
    is('hangs')
    const answers = Array.from({ length: 64 + 256 + 1 }, (_, index) => ask(`/no${index}`))
    await settled()
    expect(open).toHaveLength(64)
    expect((await answers.at(-1))?.error).toMatchObject({ retryAfterSeconds: 2 })
    for (let round = 0; round < 5; round++) await endAll()
    const errors = (await Promise.all(answers.slice(0, -1))).map(({ error }) => error)
    expect(errors.filter((error) => error !== undefined)).toEqual([])
  })

  it('that are equal and under way at the same time are one call', async () => {
    const { ask, calls, is, endAll } = webhook({ allowedTtlSeconds: 0, deniedTtlSeconds: 0 })
    is('hangs')
    const answers = ['/yes', '/yes', '/no', '/yes'].map((path) => ask(path))
    await settled()
    expect(calls()).toBe(2)
    await endAll()
    const verdicts = (await Promise.all(answers)).map(({ verdict }) => verdict)
    expect(verdicts).toEqual(['allow', 'allow', 'noOpinion', 'allow'])
    is('answers')
    await ask('/yes')
    expect(calls()).toBe(3)
  })

  it('that are too long to be kept are one call all the same', async () => {
    const { ask, calls, is, endAll } = webhook()
    is('hangs')
    const path = `/yes${'a'.repeat(10_000)}`
    const answers = [ask(path), ask(path)]
    await settled()
    await endAll()
    expect((await Promise.all(answers)).map(({ verdict }) => verdict)).toEqual(['allow', 'allow'])
    expect(calls()).toBe(1)
    is('answers')
    await ask(path)
    expect(calls()).toBe(2)
  })

  it('are not given up for all when one gives up', async () => {
    const { ask, calls, is, endAll } = webhook()
    is('hangs')
    const caller = new AbortController()
    const [first, second] = [ask('/yes', caller.signal), ask('/yes')]
    await settled()
    caller.abort()
    expect(await first).toMatchObject({
      verdict: 'noOpinion',
      error: { message: 'webhook call failed: context canceled' },
    })
    await endAll()
    expect((await second).verdict).toBe('allow')
    expect(calls()).toBe(1)
  })

  it('are not asked for a caller who gave up before', async () => {
    const { ask, calls } = webhook()
    expect(await ask('/yes', AbortSignal.abort())).toMatchObject({ verdict: 'noOpinion' })
    expect(calls()).toBe(0)
  })

  it('that are refused push out none that is allowed, so that an outage is none for those', async () => {
    const { ask, is } = webhook({ maxEntries: 4 })
    await ask('/yes')
    for (let index = 0; index < 50; index++) await ask(`/no/${index}`)
    is('is down')
    expect((await ask('/yes')).verdict).toBe('allow')
    expect((await ask('/no/0')).error).toBeDefined()
  })

  it.each([
    ['noOpinion', 503],
    ['deny', 503],
  ] as const)(
    'that are too many are a 503 that says when to come again, where failures are %s',
    async (failurePolicy, status) => {
      const { authorizer, ask, is, endAll, calls } = webhook({
        maxConcurrent: 1,
        maxWaiting: 1,
        failurePolicy,
      })
      is('hangs')
      const others = [ask('/yes'), ask('/no')]
      await settled()
      const request = fetchRequest(new Request('https://localhost/third'))
      const outcome = await authorizeRequest(authorizer)(request, jane)
      expect(outcome).toMatchObject({ failure: { status, headers: { 'retry-after': '2' } } })
      expect(calls()).toBe(1)
      await endAll()
      await endAll()
      expect((await Promise.all(others)).map(({ verdict }) => verdict)).toEqual(['allow', 'noOpinion'])
    },
  )
})
