import { setImmediate } from 'node:timers/promises'
import { beforeEach, describe, expect, it } from 'vitest'
import { fixedClock } from '../../../core/test/fakes.ts'
import { type Ask, askApi, type Asked } from '../../test/ask-api.ts'
import { memoryObjectStore, type ObjectStore } from '@kube-authn/store'

const MAPS = '/api/v1/namespaces/default/configmaps'
const MAP = `${MAPS}/m`

let clock: ReturnType<typeof fixedClock>
let store: ObjectStore
let ask: Ask

beforeEach(async () => {
  clock = fixedClock()
  store = memoryObjectStore({ clock })
  ask = await askApi({ store, clock })
  await ask('POST', MAPS, { metadata: { name: 'm' } })
})

/** The answer, and after how much time it came. */
async function timed(asked: Promise<Asked>): Promise<Asked & { readonly afterMs: number }> {
  const startMs = clock.now()
  let answer: Asked | undefined
  void asked.then((came) => (answer = came))
  for (let turn = 0; turn < 1000; turn++) {
    for (let step = 0; step < 5; step++) await setImmediate()
    if (answer !== undefined) return { ...answer, afterMs: clock.now() - startMs }
    clock.advance(50)
  }
  throw new Error('there was no answer')
}

describe('a version to come', () => {
  it.each<[string, string]>([
    ['GET', MAP],
    ['GET', MAPS],
    ['GET', '/api/v1/configmaps'],
    ['GET', `${MAPS}?resourceVersionMatch=NotOlderThan`],
    ['GET', `${MAPS}?resourceVersionMatch=Exact`],
    ['GET', `${MAPS}?limit=1`],
    ['DELETE', MAPS],
  ])('is a 504 of %s %s after 3 seconds', async (method, path) => {
    const current = await store.revision()
    const version = current + 1
    const asked = ask(method, `${path}${path.includes('?') ? '&' : '?'}resourceVersion=${version}`)
    const { status, json, headers, afterMs } = await timed(asked)
    expect([status, afterMs, headers.get('retry-after')]).toEqual([504, 3000, '1'])
    expect(json).toMatchObject({
      reason: 'Timeout',
      message: `Timeout: Too large resource version: ${version}, current: ${current}`,
      details: {
        retryAfterSeconds: 1,
        causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
      },
    })
    expect([clock.pending, await store.revision()]).toEqual([0, current])
  })

  it.each([MAP, MAPS])('of %s is waited for, and answered when it is there', async (path) => {
    const version = (await store.revision()) + 2
    const asked = timed(ask('GET', `${path}?resourceVersion=${version}`))
    await ask('POST', MAPS, { metadata: { name: 'n' } })
    await ask('POST', MAPS, { metadata: { name: 'o' } })
    const { status, afterMs, json } = await asked
    expect([status, afterMs < 3000]).toEqual([200, true])
    if (path === MAPS) expect(json.items).toHaveLength(3)
  })

  it('is waited for no longer than the client', async () => {
    const { kubernetesApi } = await import('./api-handler.ts')
    const api = await kubernetesApi({ store, clock })
    const leaving = new AbortController()
    const request = new Request(`https://api${MAPS}?resourceVersion=99999999`, { signal: leaving.signal })
    const answer = api(request)
    for (let step = 0; step < 20; step++) await setImmediate()
    leaving.abort()
    expect([(await answer).status, clock.pending]).toEqual([504, 0])
  })
})

describe('a version that there was', () => {
  it.each(['', '0', '1'])('%j is enough for an object, and for a whole list', async (version) => {
    const before = clock.now()
    for (const path of [MAP, MAPS]) {
      const { status } = await ask('GET', `${path}?resourceVersion=${version}`)
      expect([path, status]).toEqual([path, 200])
    }
    expect(clock.now()).toBe(before)
  })

  it.each(['?limit=1&resourceVersion=1', '?resourceVersionMatch=Exact&resourceVersion=1'])(
    'is the only one for %s: gone if it is past, also for a deletion',
    async (query) => {
      for (const method of ['GET', 'DELETE']) {
        const { status, json } = await ask(method, `${MAPS}${query}`)
        expect([status, json.reason]).toEqual([410, 'Expired'])
      }
      const current = await store.revision()
      expect((await ask('GET', `${MAPS}${query.replace(/1$/, String(current))}`)).status).toBe(200)
      expect((await ask('GET', MAP)).status).toBe(200)
    },
  )

  it.each([
    '?limit=1&resourceVersion=0',
    '?limit=1',
    '?limit=1&resourceVersion=1&resourceVersionMatch=NotOlderThan',
  ])('is not asked for by %s', async (query) => {
    expect((await ask('GET', `${MAPS}${query}`)).status).toBe(200)
  })
})

it.each<[string, string]>([
  [
    'resourceVersionMatch=Exact',
    'Forbidden: resourceVersionMatch is forbidden unless resourceVersion is provided',
  ],
  ['resourceVersionMatch=Foo&resourceVersion=1', 'Unsupported value: "Foo"'],
  [
    'resourceVersionMatch=Exact&resourceVersion=0',
    'resourceVersionMatch "exact" is forbidden for resourceVersion "0"',
  ],
])('lists and deletions of collections are refused with %s', async (query, words) => {
  for (const method of ['GET', 'DELETE']) {
    const { status, json } = await ask(method, `${MAPS}?${query}`)
    expect([status, json.message]).toEqual([422, expect.stringContaining(words)])
  }
  expect((await ask('GET', MAP)).status).toBe(200)
})
