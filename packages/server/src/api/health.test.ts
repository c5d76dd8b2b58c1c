import { incomingMessageRequest } from '@kube-authn/core/adapter'
import { expect, it } from 'vitest'
import { type HealthCheck, healthAnswers } from './health.ts'

const failures: unknown[] = []
const checks: readonly HealthCheck[] = [
  { name: 'ping', check: () => {} },
  { name: 'own/thing', check: () => Promise.reject(new Error('password=secret')) },
  {
    name: 'shutdown',
    endpoints: ['readyz'],
    check() {
      throw new Error('later')
    },
  },
]
const answer = healthAnswers(checks, (name, error) => failures.push([name, error]))
const healthy = healthAnswers([{ name: 'ping', check: () => {} }], () => {})

function asked(target: string, method = 'GET', answers = answer) {
  const message = { method, url: target, rawHeaders: [], headers: {}, httpVersionMajor: 1 }
  return answers(incomingMessageRequest(message), new AbortController())
}

it.each([
  ['/healthz', 500, '[+]ping ok\n[-]own/thing failed: reason withheld\nhealthz check failed\n'],
  [
    '/readyz',
    500,
    '[+]ping ok\n[-]own/thing failed: reason withheld\n[-]shutdown failed: reason withheld\nreadyz check failed\n',
  ],
  ['/livez?exclude=own/thing', 200, 'ok'],
  ['/livez?exclude=own/thing&verbose', 200, '[+]ping ok\n[+]own/thing excluded: ok\nlivez check passed\n'],
  [
    '/livez?verbose=1&exclude=x&exclude=own/thing&exclude=a%22%0a&exclude=x',
    200,
    '[+]ping ok\n[+]own/thing excluded: ok\nwarn: some health checks cannot be excluded: no matches for "a\\"\\n","x"\nlivez check passed\n',
  ],
  ['/readyz/ping', 200, 'ok'],
  ['/readyz/ping?verbose', 200, 'ok'],
  ['/livez/own/thing', 500, 'internal server error: reason withheld\n'],
])('%s is %i', async (target, status, content) => {
  expect(await asked(target)).toEqual({
    status,
    headers: {
      'content-type': 'text/plain; charset=utf-8',
      'cache-control': 'no-cache, private',
      'x-content-type-options': 'nosniff',
    },
    content,
  })
})

it.each([
  ['/healthz?verbose', '[+]ping ok\nhealthz check passed\n'],
  ['/livez', 'ok'],
])('%s passes with all its checks', async (target, content) => {
  expect(await asked(target, 'HEAD', healthy)).toMatchObject({ status: 200, content })
})

it.each([
  '/',
  '/healthz/',
  '/healthz/x',
  '/healthz/own',
  '/livez/shutdown',
  '/HEALTHZ',
  '/healthz/ping/',
  '/x/healthz',
])('%s is left to others', (target) => {
  expect(asked(target)).toBeUndefined()
})

it.each(['POST', 'OPTIONS', 'DELETE'])('is not asked for with %s', (method) => {
  expect(() => asked('/healthz', method)).toThrow(expect.objectContaining({ status: 405 }))
})

it('tells the operator why a check failed, and no client', async () => {
  failures.length = 0
  const answered = await asked('/livez')
  expect(failures).toEqual([['own/thing', new Error('password=secret')]])
  expect(answered?.content).not.toContain('secret')
})
