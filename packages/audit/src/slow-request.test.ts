import { describe, expect, it } from 'vitest'
import { exactHeaders } from '@kube-authn/core/internal'
import { Received } from '@kube-authn/core/adapter'
import { type AuthenticationRequest, userInfo } from '@kube-authn/core'
import { auditLog } from './audit-log.ts'
import type { AuditEvent } from './event.ts'

const user = userInfo({ username: 'jane' })

/** The annotations of the events of a request that took so long as a whole, and whose steps took parts of it. */
function annotationsAfter(
  milliseconds: number,
  path = '/x',
  query = '',
): readonly AuditEvent['annotations'][] {
  const events: AuditEvent[] = []
  let now = 0
  const clock = { now: () => now, after: () => () => undefined }
  const observer = auditLog({ write: (event) => events.push(event), clock, newId: () => 'id' })
  const request: AuthenticationRequest = { method: 'GET', path, query, headers: exactHeaders([]) }
  observer(new Received(request, { hasHeader: () => true, setHeader: () => undefined }))
  observer({
    type: 'request',
    request,
    result: 'success',
    durationSeconds: 0.1,
    user,
    warnings: [],
    annotations: { 'example.com/key': 'value' },
  })
  observer({
    type: 'impersonation',
    request,
    result: 'allowed',
    requester: user,
    impersonated: user,
    mode: 'user-info',
    durationSeconds: 0.02,
  })
  for (let count = 0; count < 2; count++)
    observer({ type: 'authorization', request, result: 'allow', reason: '', durationSeconds: 0.003 })
  now = milliseconds
  observer({ type: 'response', request, status: 200 })
  return events.map(({ annotations }) => annotations)
}

const LATENCY = {
  'apiserver.latency.k8s.io/authentication': '100ms',
  'apiserver.latency.k8s.io/impersonation': '20ms',
  'apiserver.latency.k8s.io/authorization': '6ms',
}

describe('the events of a request that took long', () => {
  it('say at the end what took how long', () => {
    const [received, complete] = annotationsAfter(1250)
    expect(received).toEqual({ 'example.com/key': 'value' })
    expect(complete).toMatchObject({
      'example.com/key': 'value',
      ...LATENCY,
      'apiserver.latency.k8s.io/total': '1.25s',
    })
  })

  it.each([
    ['is no longer than usual', 500, '/x', ''],
    ['watches', 60_000, '/api/v1/pods', 'watch=1'],
  ])('do not, of one that %s', (_, milliseconds, path, query) => {
    const keys = annotationsAfter(milliseconds, path, query).flatMap((each) => Object.keys(each ?? {}))
    expect(keys.filter((key) => key.startsWith('apiserver.latency'))).toEqual([])
  })
})
