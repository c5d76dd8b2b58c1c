import { IncomingMessage, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import { StatusError } from '@kube-authn/core/adapter'
import { describe, expect, it, vi } from 'vitest'
import { nextUnless, proceedWith, refuser, respond } from './middleware.ts'

const failure = new StatusError({
  status: 401,
  reason: 'Unauthorized',
  message: 'Unauthorized',
  headers: { 'www-authenticate': ['Bearer', 'Basic'] },
})
const error = new Error('broken')

function exchange() {
  const req = new IncomingMessage(new Socket())
  return { req, res: new ServerResponse(req), next: vi.fn() }
}

describe('a refusal', () => {
  it('is the response', () => {
    for (const refuse of [respond, refuser({})]) {
      const { req, res, next } = exchange()
      const end = vi.spyOn(res, 'end')
      refuse(failure, req, res, next)
      expect([res.statusCode, res.getHeader('www-authenticate')]).toEqual([401, ['Bearer', 'Basic']])
      expect(res.getHeader('content-type')).toBe('application/json')
      expect(end.mock.calls).toEqual([[failure.content]])
      expect(next).not.toHaveBeenCalled()
    }
  })

  it('that cannot be sent is an error of the app', () => {
    const { req, res, next } = exchange()
    vi.spyOn(res, 'setHeader').mockImplementation(() => {
      throw error
    })
    respond(failure, req, res, next)
    expect(next.mock.calls).toEqual([[error]])
  })

  it('is left to onFailure', () => {
    const { req, res, next } = exchange()
    const onFailure = vi.fn()
    refuser({ onFailure })(failure, req, res, next)
    expect(onFailure.mock.calls).toEqual([[failure, req, res, next]])
    expect(next).not.toHaveBeenCalled()
  })

  it.each<[string, unknown, unknown]>([
    ['an error', error, error],
    ['an object', failure, failure],
    ['nothing', undefined, expect.objectContaining({ message: 'onFailure threw no error' })],
    ['null', null, expect.objectContaining({ message: 'onFailure threw no error', cause: null })],
    ['a word of Express', 'route', expect.objectContaining({ cause: 'route' })],
  ])('of which onFailure throws %s, now or later, goes to the error handling', async (_, thrown, told) => {
    const now = (): never => {
      throw thrown
    }
    for (const onFailure of [now, async () => now()]) {
      const { req, res, next } = exchange()
      refuser({ onFailure })(failure, req, res, next)
      await vi.waitFor(() => expect(next.mock.calls).toEqual([[told]]))
    }
  })
})

describe('a decision', () => {
  it.each([
    ['now', <T>(value: T): T => value],
    ['later', <T>(value: T) => Promise.resolve(value)],
  ])('continues or refuses, %s', async (_, when) => {
    const { req, res, next } = exchange()
    const refuse = vi.fn()
    nextUnless(when(undefined), refuse, req, res, next)
    await vi.waitFor(() => expect(next.mock.calls).toEqual([[]]))
    expect(refuse).not.toHaveBeenCalled()
    nextUnless(when(failure), refuse, req, res, next)
    await vi.waitFor(() => expect(refuse.mock.calls).toEqual([[failure, req, res, next]]))
    expect(next).toHaveBeenCalledTimes(1)
  })

  it('that fails later goes to the error handling', async () => {
    const { next } = exchange()
    proceedWith(Promise.reject(error), () => undefined, next)
    await vi.waitFor(() => expect(next.mock.calls).toEqual([[error]]))
    const failing = (): never => {
      throw error
    }
    proceedWith(Promise.resolve(), failing, next)
    await vi.waitFor(() => expect(next.mock.calls).toEqual([[error], [error]]))
  })
})
