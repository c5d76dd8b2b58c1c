import { userInfo } from '@kube-authn/core'
import { incomingMessageRequest } from '@kube-authn/core/adapter'
import { requestInfo } from '@kube-authn/core/authorization'
import { describe, expect, it } from 'vitest'
import { inFlight } from './in-flight.ts'
import { isLongRunning } from './long-running.ts'
import { timeoutOf } from './request-timeout.ts'

const infoOf = (method: string, target: string) => {
  const [path = '', query = ''] = target.split('?')
  return requestInfo({ method, path, query })
}

describe('a request that lasts as long as its client wants', () => {
  it.each([
    ['GET', '/api/v1/pods?watch=true', true],
    ['GET', '/api/v1/watch/pods', true],
    ['GET', '/api/v1/namespaces/a/pods/b/log', true],
    ['POST', '/api/v1/namespaces/a/pods/b/exec', true],
    ['GET', '/api/v1/namespaces/a/pods/b/attach', true],
    ['POST', '/api/v1/namespaces/a/pods/b/portforward', true],
    ['GET', '/api/v1/nodes/a/proxy', true],
    ['GET', '/api/v1/proxy/nodes/a', true],
    ['GET', '/api/v1/pods?watch=false', false],
    ['POST', '/api/v1/namespaces/a/pods?watch=true', false],
    ['GET', '/watch', false],
    ['GET', '/healthz?watch=true', false],
    ['POST', '/api/v1/namespaces/a/pods/b/eviction', false],
    ['GET', '/api/v1/namespaces/a/pods/log', false],
  ])('%s %s: %j', (method, target, expected) => {
    expect(isLongRunning(infoOf(method, target))).toBe(expected)
  })
})

describe('requests in flight', () => {
  const jane = userInfo({ username: 'jane' })
  const admin = userInfo({ username: 'admin', groups: ['system:masters'] })
  const list = infoOf('GET', '/api/v1/pods')
  const create = infoOf('POST', '/api/v1/namespaces/a/pods')

  it('are limited by what they do, and end once', () => {
    const begin = inFlight({ reading: 2, mutating: 1 })
    const ends = [begin(list, jane), begin(infoOf('GET', '/api/v1/nodes/a'), jane)]
    expect(begin(list, jane)).toMatchObject({
      status: 429,
      content: 'Too many requests, please try again later.\n',
      headers: { 'retry-after': '1', 'content-type': 'text/plain; charset=utf-8' },
    })
    expect(begin(create, jane)).toBeTypeOf('function')
    expect(begin(infoOf('DELETE', '/healthz'), jane)).toMatchObject({ status: 429 })
    const [end] = ends
    if (typeof end === 'function') end()
    expect(begin(list, jane)).toBeTypeOf('function')
    expect(begin(list, jane)).toMatchObject({ status: 429 })
  })

  it('of the privileged group, and those without an end, are not', () => {
    const begin = inFlight({ reading: 1, mutating: 1 })
    expect(begin(list, jane)).toBeTypeOf('function')
    const end = begin(list, admin)
    expect(end).toBeTypeOf('function')
    // It was not counted, so its end frees nothing.
    if (typeof end === 'function') end()
    expect(begin(list, jane)).toMatchObject({ status: 429 })
    for (let count = 0; count < 3; count++)
      expect(begin(infoOf('GET', '/api/v1/pods?watch=1'), jane)).toBeTypeOf('function')
  })

  it('are not limited by 0', () => {
    const begin = inFlight({ reading: 0, mutating: 0 })
    for (let count = 0; count < 1000; count++) {
      expect(begin(list, jane)).toBeTypeOf('function')
      expect(begin(create, jane)).toBeTypeOf('function')
    }
  })
})

describe('the time of a request', () => {
  const timeout = (query: string) => {
    const message = { url: `/api/v1/pods?${query}`, rawHeaders: [], headers: {}, httpVersionMajor: 1 }
    return timeoutOf(incomingMessageRequest(message), 60)
  }
  it.each([
    ['', 60],
    ['timeout=', 60],
    ['timeout=0', 60],
    ['timeout=0s', 60],
    ['timeout=-1s', 60],
    ['timeout=60s', 60],
    ['timeout=61s', 60],
    ['timeout=59.5s', 59.5],
    ['timeout=1ms', 0.001],
    ['timeout=2s&timeout=x', 2],
    ['timeoutSeconds=5', 60],
  ])('%s: %f s', (query, seconds) => {
    expect(timeout(query)).toBe(seconds)
  })

  it.each([
    ['timeout=5', 'time: missing unit in duration "5"'],
    ['timeout=5d', 'time: unknown unit "d" in duration "5d"'],
    ['timeout=x', 'time: invalid duration "x"'],
  ])('%s is refused', (query, problem) => {
    expect(timeout(query)).toMatchObject({
      status: 400,
      body: { reason: 'BadRequest', message: `invalid timeout specified in the request URL - ${problem}` },
    })
  })
})
