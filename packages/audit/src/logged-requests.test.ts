import { anonymous, type AuthenticationRequest, type Authenticator, userInfo } from '@kube-authn/core'
import { alwaysAllow, authorizeRequest } from '@kube-authn/core/authorization'
import { exactHeaders } from '@kube-authn/core/internal'
import {
  authenticateRequest,
  impersonateRequest,
  incomingMessageRequest,
  Received,
} from '@kube-authn/core/adapter'
import { describe, expect, it, vi } from 'vitest'
import { type AuditEvent, auditLog } from './index.ts'

const jane: Authenticator = {
  name: 'jane',
  authenticate: () => ({ user: userInfo({ username: 'jane', uid: '1', groups: ['developers'] }) }),
}

describe('a request of which headers are missing', () => {
  it('is logged without what its headers say', async () => {
    const logged: AuditEvent[] = []
    const sourceIPs = vi.fn((request: AuthenticationRequest) => [
      request.headers.first('x-forwarded-for') ?? '',
    ])
    const observer = auditLog({ write: (event) => logged.push(event), sourceIPs })
    const cut = (path = '/'): AuthenticationRequest =>
      incomingMessageRequest({
        method: 'POST',
        url: path,
        rawHeaders: ['Authorization', 'Bearer deputy', ...Array.from({ length: 2000 }, () => 'B')],
        headers: { authorization: 'Bearer deputy', b: 'B' },
        httpVersionMajor: 1,
      })
    const deputy = userInfo({ username: 'deputy' })
    await authenticateRequest(anonymous(), { observer, log: false })(cut('/a?b'))
    await impersonateRequest(alwaysAllow(), { observer, log: false })(cut(), deputy)
    await authorizeRequest(alwaysAllow(), { observer, log: false })(cut(), deputy)
    expect(logged).toMatchObject([
      {
        stage: 'ResponseStarted',
        requestURI: '/a?b',
        user: { username: '' },
        responseStatus: { code: 431, reason: 'RequestHeaderFieldsTooLarge' },
      },
    ])
    expect(sourceIPs).not.toHaveBeenCalled()
  })
})

describe('a request to act as another user, where no impersonation follows', () => {
  it('is logged with the caller and the answer', async () => {
    const logged: AuditEvent[] = []
    const observer = auditLog({ write: (event) => logged.push(event) })
    const asked: AuthenticationRequest = {
      method: 'GET',
      path: '/',
      query: '',
      headers: exactHeaders(['Impersonate-User', 'superman']),
    }
    await authenticateRequest(jane, { observer, log: false })(asked)
    observer({ type: 'response', request: asked, status: 403 })
    expect(logged).toMatchObject([
      { stage: 'RequestReceived', user: { username: 'jane' } },
      {
        stage: 'ResponseComplete',
        user: { username: 'jane' },
        responseStatus: { code: 403, reason: 'Forbidden' },
      },
    ])
  })
})

describe('the option prefix', () => {
  it.each(['', '/', 'cluster', '/cluster/', '/a//b', '/a/../b', '/./a', '/a b', '/%63', '/ä', '/a?b', '/*'])(
    'must not be %j',
    (prefix) => {
      expect(() => auditLog({ write: () => undefined, prefix })).toThrow(
        'prefix: must be a path without a slash at its end',
      )
    },
  )

  it.each(['/a', '/clusters/eu-1', '/~x/_y.z', '/a/.b', '/...'])('may be %j', (prefix) => {
    expect(() => auditLog({ write: () => undefined, prefix })).not.toThrow()
  })
})

const withId = (...ids: readonly string[]): AuthenticationRequest => ({
  method: 'GET',
  path: '/',
  query: '',
  headers: exactHeaders(ids.flatMap((id) => ['Audit-ID', id])),
})
const newId = (): string => 'new'

describe('auditLog', () => {
  it('takes the id of the request, also where no adapter tells that it was received', () => {
    const ids: string[] = []
    const observer = auditLog({ write: ({ auditID }) => ids.push(auditID), newId })
    observer({ type: 'response', request: withId('a'), status: 200 })
    observer({ type: 'response', request: withId('not one'), status: 200 })
    expect(ids).toEqual(['a', 'new'])
  })

  it('counts the time from when the request was received', () => {
    const times: string[] = []
    let now = 0
    const clock = { now: () => now, after: () => () => undefined }
    const observer = auditLog({ write: (event) => times.push(event.requestReceivedTimestamp), clock })
    const request = withId()
    observer(new Received(request, { hasHeader: () => true, setHeader: () => undefined }))
    now = 1000
    observer({ type: 'response', request, status: 200 })
    expect(times).toEqual(['1970-01-01T00:00:00.000000Z'])
  })
})
