import { type Context, Hono } from 'hono'
import { describe, expect, it, vi } from 'vitest'
import { PendingHeaders } from './pending-headers.ts'

function pendingHeaders(): PendingHeaders {
  const pending = new PendingHeaders()
  expect(pending.hasHeader()).toBe(false)
  pending.setHeader('Audit-Id', 'ours')
  pending.setHeader('X-Other', 'added')
  return pending
}

describe('headers that are set before there is a response', () => {
  it.each([
    ['ours', {}],
    ['own', { 'Audit-Id': 'own' }],
  ])('are added to it, and Audit-Id is %s with the headers %j of the app', async (expected, headers) => {
    const responses = [
      await new Hono()
        .use(async (c, next) => {
          await next()
          pendingHeaders().addTo(c)
        })
        .get('/', (c) => c.text('body', 200, headers))
        .request('/'),
      pendingHeaders().addToResponse(new Response('body', { headers })),
    ]
    for (const response of responses) {
      expect([response.headers.get('audit-id'), response.headers.get('x-other')]).toEqual([expected, 'added'])
      expect(await response.text()).toBe('body')
    }
  })

  it('leave a response with all of them as it is', () => {
    const response = new Response('', { headers: { 'Audit-Id': 'own', 'X-Other': 'own' } })
    expect(pendingHeaders().addToResponse(response)).toBe(response)
  })

  it('are added to a copy of a response that cannot be changed', () => {
    const response = Response.redirect('https://example.com/')
    const changed = pendingHeaders().addToResponse(response)
    expect(response.headers.has('audit-id')).toBe(false)
    expect([changed.status, changed.headers.get('audit-id')]).toEqual([302, 'ours'])
  })

  it('are not added to the answer to an upgrade', () => {
    const header = vi.fn()
    const headers = new Headers()
    for (const status of [101, 200])
      pendingHeaders().addTo({ res: { status, headers }, header } as unknown as Context)
    expect(header.mock.calls).toEqual([
      ['Audit-Id', 'ours'],
      ['X-Other', 'added'],
    ])
  })

  it.each([true, false])('are added to the response of an error, unless there is one: %s', (finalized) => {
    const c = { finalized, res: { headers: new Headers({ 'audit-id': 'own' }) } } as unknown as Context
    pendingHeaders().addToError(c)
    expect([c.res.headers.get('audit-id'), c.res.headers.get('x-other')]).toEqual(
      finalized ? ['own', null] : ['ours', 'added'],
    )
  })
})
