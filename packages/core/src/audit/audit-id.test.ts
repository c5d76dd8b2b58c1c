import { describe, expect, it } from 'vitest'
import { exactHeaders } from '../request/headers/exact.ts'
import { joinedHeaders } from '../request/headers/joined.ts'
import type { AuthenticationRequest, RequestHeaders } from '../request/request.ts'
import { StatusError } from '../authenticator/status.ts'
import { auditIdOf, Received } from './audit-id.ts'

const of = (headers: RequestHeaders): AuthenticationRequest => ({
  method: 'GET',
  path: '/',
  query: '',
  headers,
})
const withId = (...ids: readonly string[]): AuthenticationRequest =>
  of(exactHeaders(ids.flatMap((id) => ['Audit-ID', id])))
const newId = (): string => 'new'
const observeNothing = (_event: Received): void => undefined

const refused: AuthenticationRequest = {
  ...of(exactHeaders([])),
  refusal: new StatusError({ status: 431, reason: 'Unknown', message: 'cut' }),
  get headers(): RequestHeaders {
    throw new Error('they are not there')
  },
}

describe('the id of a request in audit logs', () => {
  it.each([
    ['a', 'a'],
    ['3a0b7c1e-0000-4000-8000-000000000000', '3a0b7c1e-0000-4000-8000-000000000000'],
    ['x'.repeat(64), 'x'.repeat(64)],
    ['x'.repeat(65), 'new'],
    ['', 'new'],
    ['two words', 'new'],
    ['line\nfeed', 'new'],
    ['a\u0000', 'new'],
    ['gr\u00fcn', 'new'],
    ['a\u007f', 'new'],
  ])('%j is %j', (given, id) => {
    expect(auditIdOf(withId(given), newId)).toBe(id)
  })

  it.each<[string, AuthenticationRequest, string]>([
    ['none', withId(), 'new'],
    ['the first of two', withId('one', 'two'), 'one'],
    [
      'two that are joined',
      of(
        joinedHeaders(
          new Headers([
            ['Audit-ID', 'one'],
            ['Audit-ID', 'two'],
          ]),
        ),
      ),
      'new',
    ],
    ['those that cannot be read', refused, 'new'],
  ])('of a request with %s', (_, request, id) => {
    expect(auditIdOf(request, newId)).toBe(id)
  })
})

describe('Received', () => {
  function answer(there: readonly string[] = []) {
    const headers = new Map(there.map((id) => ['Audit-ID', id]))
    return {
      headers,
      hasHeader: (name: string) => headers.has(name),
      setHeader: (name: string, value: string) => headers.set(name, value),
    }
  }

  it('tells the client nothing before an audit log asks for the id', () => {
    const to = answer()
    observeNothing(new Received(withId('a'), to))
    expect(to.headers.size).toBe(0)
  })

  it('gives all audit logs one id, and the client too', () => {
    const to = answer()
    const received = new Received(withId(), to)
    let count = 0
    const next = (): string => `id-${++count}`
    expect([received.auditId(next), received.auditId(next)]).toEqual(['id-1', 'id-1'])
    expect([...to.headers]).toEqual([['Audit-ID', 'id-1']])
  })

  it('leaves an id that the answer has already, and logs that of the request', () => {
    const to = answer(['of a server behind'])
    expect(new Received(withId('a'), to).auditId(newId)).toBe('a')
    expect(to.headers.get('Audit-ID')).toBe('of a server behind')
  })

  it('knows the id where the answer takes no header any more', () => {
    const sent = {
      hasHeader: () => false,
      setHeader: () => {
        throw new Error('ERR_HTTP_HEADERS_SENT')
      },
    }
    expect(new Received(withId('a'), sent).auditId(newId)).toBe('a')
  })
})
