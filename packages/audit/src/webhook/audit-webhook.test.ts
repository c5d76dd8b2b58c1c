import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fixedClock } from '../../../testing/test/fakes.ts'
import type { AuditEvent } from '../event.ts'
import type { AuditActivityEvent, WebhookFetch } from '@kube-authn/core/internal'
import { type AuditDeliveryError, auditWebhook, type AuditWebhookOptions } from '../index.ts'
import { tokenBucket } from './audit-webhook.ts'

const event = (auditID: string): AuditEvent => ({
  kind: 'Event',
  apiVersion: 'audit.k8s.io/v1',
  level: 'Metadata',
  auditID,
  stage: 'ResponseComplete',
  requestURI: '/',
  verb: 'get',
  user: { username: 'jane' },
  requestReceivedTimestamp: '2026-01-02T03:04:05.000000Z',
  stageTimestamp: '2026-01-02T03:04:05.000000Z',
})

interface Sent {
  readonly kind: string
  readonly apiVersion: string
  readonly metadata: object
  readonly items: readonly AuditEvent[]
}

type Answers = (count: number, signal: AbortSignal) => Response | Promise<Response>

/** A clock that goes on in steps, and lets promises settle after each. */
function steppingClock() {
  const clock = fixedClock(0)
  const settle = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve))
  return {
    ...clock,
    get pending() {
      return clock.pending
    },
    async advanceAsync(milliseconds: number) {
      for (let left = milliseconds; left > 0; left -= 250) {
        await settle()
        clock.advance(Math.min(250, left))
      }
      if (milliseconds === 0) clock.advance(0)
      await settle()
    },
  }
}

/** A webhook, and what it was sent when. */
function started(options: Partial<AuditWebhookOptions> = {}, answers: Answers = () => new Response('')) {
  const clock = steppingClock()
  const sent: Sent[] = []
  const times: number[] = []
  const errors: AuditDeliveryError[] = []
  const activity: AuditActivityEvent[] = []
  const fetch: WebhookFetch = async (_url, { body, signal }) => {
    sent.push(JSON.parse(body) as Sent)
    times.push(clock.now() / 1000)
    return answers(sent.length, signal)
  }
  const webhook = auditWebhook({
    url: 'https://audit.example.com/',
    fetch,
    clock,
    random: () => 0,
    onError: (error) => errors.push(error),
    observer: (told) => told.type === 'audit' && activity.push(told),
    ...options,
  })
  const write = (...ids: readonly string[]): void => {
    for (const id of ids) webhook.write(event(id))
  }
  const ids = (): readonly string[][] => sent.map(({ items }) => items.map(({ auditID }) => auditID))
  const lost = (): readonly string[] => errors.map(({ code, lostEvents }) => `${lostEvents} ${code}`)
  return { ...webhook, write, clock, sent, times, errors, activity, ids, lost }
}

const many = (count: number): readonly string[] => Array.from({ length: count }, (_, index) => `id-${index}`)
const failing: Answers = () => new Response('', { status: 500 })
const never: Answers = () => new Promise(() => undefined)

describe('auditWebhook', () => {
  it('sends an EventList when the first of its events has waited for long', async () => {
    const { write, clock, sent, ids, errors, activity } = started()
    write('a')
    await clock.advanceAsync(20_000)
    write('b')
    await clock.advanceAsync(9_999)
    expect(sent).toEqual([])
    await clock.advanceAsync(1)
    expect(ids()).toEqual([['a', 'b']])
    const { kind: _kind, apiVersion: _apiVersion, ...item } = event('a')
    expect(sent[0]).toEqual({
      kind: 'EventList',
      apiVersion: 'audit.k8s.io/v1',
      metadata: {},
      items: [item, { ...item, auditID: 'b' }],
    })
    expect([...errors, ...activity]).toEqual([])
    await clock.advanceAsync(120_000)
    expect(sent).toHaveLength(1)
  })

  it('sends what is many at once, but not while a request waits', async () => {
    const { write, clock, sent, ids } = started({ maxBatchSize: 3 })
    write(...many(7))
    expect(sent).toEqual([])
    await clock.advanceAsync(0)
    expect(ids()).toEqual([
      ['id-0', 'id-1', 'id-2'],
      ['id-3', 'id-4', 'id-5'],
    ])
    await clock.advanceAsync(30_000)
    expect(ids().at(-1)).toEqual(['id-6'])
  })

  it('waits for no further events, and not before another attempt, with times of 0', async () => {
    const { write, clock, ids, times, lost } = started(
      { maxBatchWaitSeconds: 0, initialBackoffSeconds: 0, maxAttempts: 3 },
      failing,
    )
    write('a', 'b')
    await clock.advanceAsync(0)
    await clock.advanceAsync(250)
    await clock.advanceAsync(250)
    expect(ids()).toEqual([
      ['a', 'b'],
      ['a', 'b'],
      ['a', 'b'],
    ])
    expect(Math.max(...times)).toBeLessThanOrEqual(0.5)
    expect(lost()).toEqual(['2 undelivered'])
  })

  it('sends no more batches at a time than it may', async () => {
    const { write, clock, times } = started({ maxBatchSize: 1, throttleBurst: 3, throttleQps: 2 })
    write(...many(6))
    await clock.advanceAsync(0)
    await clock.advanceAsync(10_000)
    expect(times).toEqual([0, 0, 0, 0.5, 1, 1.5])
  })

  it('has at most 64 batches under way', async () => {
    const { write, clock, sent } = started(
      { maxBatchSize: 1, throttleQps: Infinity, throttleBurst: 100 },
      never,
    )
    write(...many(100))
    await clock.advanceAsync(0)
    expect(sent).toHaveLength(64)
  })

  it.each<[string, Answers]>([
    ['a fault', failing],
    ['a refusal', () => new Response('', { status: 400 })],
    ['a redirect', () => new Response('', { status: 307, headers: { location: 'https://other.example' } })],
    [
      'no connection',
      () => {
        throw new TypeError('fetch failed')
      },
    ],
  ])('tries again after %s, and loses the batch in the end', async (_, answers) => {
    const { write, clock, times, errors, lost, activity } = started({}, answers)
    write('a', 'b')
    await clock.advanceAsync(300_000)
    expect(times).toEqual([30, 40, 55, 77.5, 111.25])
    expect(lost()).toEqual(['2 undelivered'])
    expect(errors[0]?.message).toMatch(/^2 audit events were lost: the audit webhook /)
    expect(activity).toEqual([
      { type: 'audit', what: 'error', level: 'Metadata', plugin: 'webhook', count: 2 },
    ])
  })

  it('loses nothing where the webhook is back in time, and sends other events meanwhile', async () => {
    const { write, clock, ids, times, errors } = started({}, (count) =>
      count === 1 ? new Response('', { status: 503 }) : new Response(''),
    )
    write('a')
    await clock.advanceAsync(35_000)
    write('b')
    await clock.advanceAsync(60_000)
    expect(ids()).toEqual([['a'], ['a'], ['b']])
    expect(times).toEqual([30, 40, 65])
    expect(errors).toEqual([])
  })

  it('waits as long as it is asked to, but not for ever', async () => {
    const patient = (seconds: string) => () =>
      new Response('', { status: 429, headers: { 'retry-after': seconds } })
    const one = started({ maxAttempts: 2 }, patient('60'))
    one.write('a')
    await one.clock.advanceAsync(200_000)
    expect(one.times).toEqual([30, 90])
    const two = started({}, patient('999999999'))
    two.write('a')
    await two.clock.advanceAsync(31_000)
    expect([two.times, two.lost()]).toEqual([[30], ['1 undelivered']])
  })

  it('gives up a call that is not answered in time', async () => {
    const { write, clock, times, errors } = started({ maxAttempts: 2, timeoutSeconds: 5 }, never)
    write('a')
    await clock.advanceAsync(100_000)
    expect(times).toEqual([30, 45])
    expect(errors[0]?.message).toBe('1 audit event was lost: the audit webhook did not answer in time')
  })

  it('loses what there is no room for, and tells how much of it now and then', async () => {
    const { write, clock, ids, lost, errors, activity } = started({ bufferSize: 3 }, failing)
    write(...many(5))
    await clock.advanceAsync(500)
    write('late')
    await clock.advanceAsync(500)
    expect(lost()).toEqual(['3 bufferFull'])
    expect(errors[0]?.message).toBe('3 audit events were lost: the buffer of 3 events is full')
    expect(activity).toEqual([
      { type: 'audit', what: 'error', level: 'Metadata', plugin: 'buffered', count: 3 },
    ])
    // What is under way is held as well.
    await clock.advanceAsync(30_000)
    write('later')
    await clock.advanceAsync(300_000)
    expect(lost()).toEqual(['3 bufferFull', '1 bufferFull', '3 undelivered'])
    write('last')
    await clock.advanceAsync(30_000)
    expect(ids().at(-1)).toEqual(['last'])
  })

  it('tells nothing of its credentials, its URL or what it was answered', async () => {
    const { write, clock, errors } = started({ maxAttempts: 1, redact: () => ['secret-token'] }, () => {
      throw new TypeError('fetch failed', { cause: new Error('Bearer secret-token is bad') })
    })
    write('a')
    await clock.advanceAsync(30_000)
    expect(errors[0]?.message).toBe(
      '1 audit event was lost: the audit webhook could not be reached: Bearer [hidden] is bad',
    )
    expect(errors[0]?.cause).toBeUndefined()
  })

  it('goes on where its error listener throws', async () => {
    const { write, clock, sent } = started(
      {
        maxAttempts: 1,
        onError: () => {
          throw new Error('the listener is broken')
        },
      },
      failing,
    )
    write('a')
    await clock.advanceAsync(30_000)
    write('b')
    await clock.advanceAsync(30_000)
    expect(sent).toHaveLength(2)
  })

  describe('when it is closed', () => {
    it('sends what is left at once, and then nothing more', async () => {
      const { write, close, clock, ids, lost } = started({
        maxBatchSize: 2,
        throttleBurst: 1,
        throttleQps: 1,
      })
      write('a', 'b', 'c')
      await close()
      expect(ids()).toEqual([['a', 'b'], ['c']])
      write('d', 'e')
      await clock.advanceAsync(60_000)
      expect(lost()).toEqual(['2 closed'])
      await close()
      expect(ids()).toHaveLength(2)
      expect(clock.pending).toBe(0)
    })

    it('tries once more what waits for another attempt', async () => {
      const { write, close, clock, ids, errors } = started({}, (count) =>
        count === 1 ? new Response('', { status: 500 }) : new Response(''),
      )
      write('a')
      await clock.advanceAsync(31_000)
      await close()
      expect(ids()).toEqual([['a'], ['a']])
      expect(errors).toEqual([])
    })

    it('loses what cannot be sent', async () => {
      const { write, close, lost } = started({}, failing)
      write('a')
      await close()
      expect(lost()).toEqual(['1 undelivered'])
    })

    it('waits no longer than it may, and ends its calls', async () => {
      let isAborted = false
      const { write, close, clock, lost } = started({ closeTimeoutSeconds: 2 }, (_, signal) => {
        signal.addEventListener('abort', () => {
          isAborted = true
        })
        return new Promise(() => undefined)
      })
      write('a')
      let isClosed = false
      const closing = close().then(() => {
        isClosed = true
      })
      await clock.advanceAsync(1999)
      expect([isClosed, isAborted]).toEqual([false, false])
      await clock.advanceAsync(1)
      await clock.advanceAsync(1)
      await closing
      expect([isAborted, lost()]).toEqual([true, ['1 undelivered']])
      expect(clock.pending).toBe(0)
    })
  })

  it.each<[Partial<AuditWebhookOptions>, string]>([
    [{ url: 'http://audit.example.com' }, 'url: must be an https URL'],
    [{ url: 'ftp://audit.example.com', allowInsecureHttp: true }, 'url: must be an http or https URL'],
    [{ url: 'nowhere' }, 'url: must be an https URL'],
    [{ url: 'https://a:b@audit.example.com' }, 'url: must not have credentials in it'],
    [{ bufferSize: 0 }, 'bufferSize: must be a whole number above 0'],
    [{ throttleQps: 0 }, 'throttleQps: must be above 0'],
    [{ maxBatchSize: 1.5 }, 'maxBatchSize: must be a whole number above 0'],
  ])('refuses %j', (options, message) => {
    expect(() => auditWebhook({ url: 'https://audit.example.com', ...options })).toThrow(message)
  })
})

describe('a token bucket', () => {
  it('lets no more pass than its burst and its rate, and all of that', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 50 }),
        fc.integer({ min: 1, max: 20 }),
        fc.array(fc.integer({ min: 0, max: 500 }), { maxLength: 50 }),
        (perSecond, burst, waits) => {
          const take = tokenBucket(perSecond, burst)
          let now = 0
          let passed = 0
          for (const wait of waits) {
            now += wait
            let toNext = take(now)
            for (; toNext === 0; toNext = take(now)) passed++
            expect(passed).toBeLessThanOrEqual(burst + (now * perSecond) / 1000 + 1e-6)
            expect(toNext).toBeLessThanOrEqual(Math.ceil(1000 / perSecond))
            now += toNext
            expect(take(now)).toBe(0)
            passed++
          }
        },
      ),
    )
  })

  it('has a token after the time that it returned, whatever fractions add up to', () => {
    const take = tokenBucket(3, 2)
    const times = [0, 0, 0, 334, 812, 812, 1000]
    expect(times.map((now) => take(now))).toEqual([0, 0, 334, 0, 0, 188, 0])
  })

  it('is not emptied by a clock that goes back', () => {
    const take = tokenBucket(1, 1)
    expect([take(1000), take(0), take(1000)]).toEqual([0, 1000, 0])
  })
})
