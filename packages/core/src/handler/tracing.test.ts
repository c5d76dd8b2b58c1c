import { describe, expect, it } from 'vitest'
import { jane, knows, later, request, requests } from '../../test/fakes.ts'
import { ConfigurationError } from '../authenticator/errors.ts'
import type { AuthenticationEvent } from '../authenticator/events.ts'
import { authenticateRequest } from './authenticate-request.ts'
import type { RequestTrace, RequestTracing } from './tracing.ts'

const fails = (): never => {
  throw new Error('broken')
}

const run: RequestTrace['run'] = (work) => work()

describe('tracing', () => {
  it('is told of one request, beside the observer', async () => {
    const told: string[] = []
    const to =
      (name: string) =>
      ({ type }: AuthenticationEvent): void =>
        void told.push(`${name} ${type}`)
    const tracing: RequestTracing = () => ({ observer: to('trace'), run: (work) => work() })
    await authenticateRequest(requests(knows(jane)), { tracing, observer: to('observer') })(request())
    expect(told).toEqual(
      ['consulting', 'consulted', 'request'].flatMap((type) => [`observer ${type}`, `trace ${type}`]),
    )
  })

  it.each<[string, () => unknown]>([
    ['throws', fails],
    ['makes nothing', () => undefined],
    ['never calls the work', () => ({ run: () => {} })],
    ['throws before the work', () => ({ run: fails })],
    [
      'throws after the work',
      () => ({
        run(work: () => void) {
          work()
          fails()
        },
      }),
    ],
    [
      'calls the work twice',
      () => ({
        run(work: () => void) {
          work()
          work()
        },
      }),
    ],
    ['calls the work later', () => ({ run: (work: () => void) => void Promise.resolve().then(work) })],
    ['cannot be told', () => ({ observer: fails, run })],
    ['rejects when told', () => ({ observer: async () => fails(), run })],
  ])('that %s decides nothing: each authenticator is asked once', async (_, tracing) => {
    for (const answer of [knows(jane), later(knows(jane))]) {
      const asked = requests(answer)
      const outcome = await authenticateRequest(asked, { tracing: tracing as RequestTracing })(request())
      expect(outcome).toMatchObject({ authentication: { user: jane } })
      await new Promise((resolve) => void setImmediate(resolve))
      expect(asked.calls).toHaveLength(1)
    }
  })

  it('must be a function', () => {
    const tracing = {} as unknown as RequestTracing
    expect(() => authenticateRequest(requests(knows(jane)), { tracing })).toThrow(ConfigurationError)
  })
})
