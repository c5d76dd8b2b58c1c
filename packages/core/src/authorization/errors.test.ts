import { describe, expect, it, vi } from 'vitest'
import { exactHeaders } from '../request/headers/exact.ts'
import { aggregateErrors } from './aggregate-errors.ts'
import { asAuthorizationError, AuthorizationError } from './errors.ts'
import { internalError } from './error-answers.ts'
import { requestAttributes } from './request-attributes.ts'
import { userInfo } from '../authenticator/user.ts'
import { authorizeRequest } from './authorize-request.ts'
import { type Decision, noOpinion } from './decision.ts'
import type { AuthorizationEvent } from '../authenticator/events.ts'

const [a, b, c] = ['a', 'b', 'c'].map((text) => new AuthorizationError(text))

describe('several errors of authorizers', () => {
  it('are one: flat, each text once, in order', () => {
    if (a === undefined || b === undefined || c === undefined) throw new Error('there are three')
    expect(aggregateErrors([])).toBeUndefined()
    expect(aggregateErrors([a])).toBe(a)
    expect(aggregateErrors([a, new AuthorizationError('a')])).toBe(a)
    const two = aggregateErrors([a, b])
    expect([two?.message, two?.errors]).toEqual(['[a, b]', [a, b]])
    if (two === undefined) throw new Error('there are two')
    const all = aggregateErrors([c, two, b])
    expect([all?.message, all?.errors]).toEqual(['[c, a, b]', [c, a, b]])
    expect(aggregateErrors([two, b])?.message).toBe('[a, b]')
  })

  it('may be tried again after the longest of their waits', () => {
    const busy = [1, 3, 2].map(
      (retryAfterSeconds) => new AuthorizationError(`${retryAfterSeconds}`, { retryAfterSeconds }),
    )
    expect(aggregateErrors(busy)?.retryAfterSeconds).toBe(3)
    expect(
      aggregateErrors([new AuthorizationError('a'), new AuthorizationError('b')])?.retryAfterSeconds,
    ).toBeUndefined()
  })

  it('say nothing of what else was thrown', () => {
    const cause = new Error('secret')
    expect(asAuthorizationError(cause)).toMatchObject({ message: 'authorization failed unexpectedly', cause })
    const known = new AuthorizationError('known')
    expect(asAuthorizationError(known)).toBe(known)
  })

  it('are known where another copy of the package made them, with all that they sum up', () => {
    const brand = Symbol.for('@kube-authn/AuthorizationError')
    const foreign = (message: string, errors: readonly unknown[] = []): unknown =>
      Object.assign(Object.create({ [brand]: true }) as object, { message, errors })
    const sum = foreign('[a, b]', [foreign('a'), foreign('b')])
    expect(asAuthorizationError(sum)).toBe(sum)
    const doubtful = foreign('[a, b]', [foreign('a'), new Error('b')])
    expect(asAuthorizationError(doubtful).message).toBe('authorization failed unexpectedly')
  })
})

const request = (path: string) => ({ method: 'GET', path, query: '', headers: exactHeaders([]) })

describe('what cannot be decided', () => {
  it('is a 500 in plain text', () => {
    const failure = internalError(request('/<x>'), 'why')
    expect(failure).toMatchObject({ status: 500, body: { reason: 'InternalError' } })
    expect(failure.content).toBe('Internal Server Error: "/&lt;x&gt;": why\n')
  })

  it('is a 400 where a path can be read in more than one way', () => {
    expect(() => requestAttributes(request('/api/v1//pods'))).toThrow(
      'the path can be read in more than one way',
    )
  })

  it('is told an observer, with the error and how long it took', async () => {
    const events: AuthorizationEvent[] = []
    const error = new AuthorizationError('down')
    const now = vi.spyOn(performance, 'now').mockReturnValue(5000)
    const down = (): Decision => {
      now.mockReturnValue(7000)
      return noOpinion('why', error)
    }
    const authorize = authorizeRequest(
      { name: 'down', authorize: down },
      { observer: (event) => void (event.type === 'authorization' && events.push(event)) },
    )
    await authorize(request('/x'), userInfo({ username: 'jane' }))
    expect(events).toMatchObject([
      { result: 'error', reason: 'why', error, failure: { status: 500 }, durationSeconds: 2 },
    ])
    expect(events[0]?.failure?.cause).toBe(error)
  })
})
