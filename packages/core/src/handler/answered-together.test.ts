import { describe, expect, it, vi } from 'vitest'
import { type Answer, fails, jane, knows, recorder, request, requests } from '../../test/fakes.ts'
import type { Authenticator } from '../authenticator/authenticator.ts'
import { rejected } from '../authenticator/errors.ts'
import { signatureChecks } from '../internal/signature-checks.ts'
import { endOfTurn } from '../token/jwt/signature/end-of-turn.ts'
import { authenticateRequest } from './authenticate-request.ts'

/** An authenticator that checks a signature for each request. */
function checking(answer: Answer): Authenticator {
  return requests(() => {
    signatureChecks.count++
    signatureChecks.endOfTurn = endOfTurn
    return answer()
  })
}

const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve))

async function microtasks(): Promise<void> {
  for (let count = 0; count < 20; count++) await Promise.resolve()
}

/** How many of these have an answer by now. */
function answered(outcomes: readonly unknown[]): () => number {
  const ended: unknown[] = []
  for (const outcome of outcomes) void Promise.resolve(outcome).then((value) => ended.push(value))
  return () => ended.length
}

describe('a request', () => {
  it('is decided at once if no signature was checked', () => {
    expect(authenticateRequest(requests(knows(jane)))(request())).not.toBeInstanceOf(Promise)
  })

  it('is decided at once after one whose signature was checked', async () => {
    const first = authenticateRequest(checking(knows(jane)))(request())
    expect(authenticateRequest(requests(knows(jane)))(request())).not.toBeInstanceOf(Promise)
    expect(await first).toMatchObject({ authentication: { user: jane } })
  })

  it.each([
    ['accepted', knows(jane), 'authentication'],
    ['refused', fails(rejected('a bad signature')), 'failure'],
  ])('whose signature was checked is %s at the end of the turn', async (_, answer, member) => {
    const outcome = authenticateRequest(checking(answer))(request())
    const count = answered([outcome])
    await microtasks()
    expect(count()).toBe(0)
    await turn()
    expect(count()).toBe(1)
    expect(await outcome).toHaveProperty(member)
  })

  it('is answered while the timers of a test stand still', async () => {
    vi.useFakeTimers()
    try {
      const outcome = authenticateRequest(checking(knows(jane)))(request())
      expect(await outcome).toHaveProperty('authentication')
    } finally {
      vi.useRealTimers()
    }
  })

  it('is observed when it is decided, not when it is answered', async () => {
    const { observer, events } = recorder()
    const outcome = authenticateRequest(checking(knows(jane)), { observer })(request())
    const decided = events.map(({ type }) => type)
    expect(decided).toContain('request')
    await outcome
    expect(events.map(({ type }) => type)).toEqual(decided)
  })
})

describe('requests whose signatures are checked in one turn', () => {
  it('are answered together, in their order', async () => {
    const order: string[] = []
    for (const [name, answer] of [
      ['first', knows(jane)],
      ['second', fails(rejected('a bad signature'))],
      ['third', knows(jane)],
    ] as const) {
      const outcome = authenticateRequest(checking(answer))(request())
      void Promise.resolve(outcome).then((decided) => {
        order.push('failure' in decided ? `${name} refused` : name)
      })
      await microtasks()
    }
    expect(order).toEqual([])
    await turn()
    expect(order).toEqual(['first', 'second refused', 'third'])
  })

  it('do not wait for more than 64', async () => {
    const authenticate = authenticateRequest(checking(knows(jane)))
    const outcomes = Array.from({ length: 63 }, () => authenticate(request()))
    const count = answered(outcomes)
    await microtasks()
    expect(count()).toBe(0)
    const others = answered([authenticate(request()), authenticate(request())])
    await microtasks()
    // The last one is the first of the next.
    expect([count(), others()]).toEqual([63, 1])
    await turn()
    expect(others()).toBe(2)
  })
})
