import { type UserInfo, userInfo } from '@kube-authn/core'
import { incomingMessageRequest } from '@kube-authn/core/adapter'
import { requestInfo } from '@kube-authn/core/authorization'
import { describe, expect, it } from 'vitest'
import { inFlight, isLongRunning } from './in-flight.ts'
import { timeoutOf } from './request-listener.ts'

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
  const joe = userInfo({ username: 'joe' })
  const BEGUN = { received: expect.any(Function), end: expect.any(Function) }
  const list = infoOf('GET', '/api/v1/pods')
  const create = infoOf('POST', '/api/v1/namespaces/a/pods')

  it('are limited by what they do, and end once', () => {
    const begin = inFlight({ reading: 2, mutating: 1 }, () => {})
    const ends = [begin(list, jane), begin(infoOf('GET', '/api/v1/nodes/a'), joe)]
    expect(begin(list, jane)).toMatchObject({
      status: 429,
      content: 'Too many requests, please try again later.\n',
      headers: { 'retry-after': '1', 'content-type': 'text/plain; charset=utf-8' },
    })
    expect(begin(create, jane)).toMatchObject(BEGUN)
    expect(begin(infoOf('DELETE', '/healthz'), jane)).toMatchObject({ status: 429 })
    for (const each of ends.slice(0, 1)) {
      if ('end' in each) each.end()
      if ('end' in each) each.end()
    }
    expect(begin(list, jane)).toMatchObject(BEGUN)
    expect(begin(list, jane)).toMatchObject({ status: 429 })
  })

  it('of the privileged group, and those without an end, are not', () => {
    const begin = inFlight({ reading: 1, mutating: 1 }, () => {})
    expect(begin(list, jane)).toMatchObject(BEGUN)
    const begun = begin(list, admin)
    expect(begun).toMatchObject(BEGUN)
    // It was not counted, so its end frees nothing.
    if ('end' in begun) begun.end()
    expect(begin(list, jane)).toMatchObject({ status: 429 })
    for (let count = 0; count < 3; count++)
      expect(begin(infoOf('GET', '/api/v1/pods?watch=1'), jane)).toMatchObject(BEGUN)
  })

  it('are not limited by 0', () => {
    const begin = inFlight({ reading: 0, mutating: 0 }, () => {})
    for (let count = 0; count < 1000; count++) {
      expect(begin(list, jane)).toMatchObject(BEGUN)
      expect(begin(create, jane)).toMatchObject(BEGUN)
    }
  })

  /** How many of these requests begin, and get to run. */
  const run = (begin: ReturnType<typeof inFlight>, user: UserInfo, count: number, isSent = true): number => {
    let running = 0
    for (let index = 0; index < count; index++) {
      const begun = begin(create, user)
      if (!('received' in begun)) continue
      try {
        if (isSent) begun.received()
        running++
      } catch (thrown) {
        expect(thrown).toMatchObject({ status: 429 })
      }
    }
    return running
  }

  it.each([true, false])('leave the others room, whatever one user sends: bodies %s', (isSent) => {
    const begin = inFlight({ reading: 0, mutating: 200 }, () => {})
    expect(run(begin, jane, 260, isSent)).toBe(100)
    expect(run(begin, joe, 10)).toBe(10)
    // They hold no slot any more while their bodies are awaited, and run.
    expect(run(begin, userInfo({ username: 'eve' }), 260)).toBe(isSent ? 50 : 90)
    expect(run(begin, admin, 300)).toBe(300)
  })

  it('have one share for the service accounts of a namespace, and each user has one', () => {
    const begin = inFlight({ reading: 0, mutating: 8 }, () => {})
    const account = (index: number) => userInfo({ username: `system:serviceaccount:shop:sa-${index}` })
    let running = 0
    for (let index = 0; index < 20; index++) running += run(begin, account(index), 1)
    expect(running).toBe(4)
    expect(run(begin, userInfo({ username: 'namespace shop' }), 20)).toBe(2)
    expect(run(begin, userInfo({ username: 'system:serviceaccount:other:sa-0' }), 20)).toBe(2)
  })

  it('are given back by those whose body never comes, comes twice, or comes too late', () => {
    const begin = inFlight({ reading: 0, mutating: 1 }, () => {})
    for (let count = 0; count < 3; count++) {
      const begun = begin(create, jane)
      if (!('received' in begun)) throw new Error('it was refused')
      if (count === 1) begun.received()
      if (count === 1) begun.received()
      begun.end()
      begun.received()
      begun.end()
    }
    expect(run(begin, jane, 2)).toBe(1)
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
