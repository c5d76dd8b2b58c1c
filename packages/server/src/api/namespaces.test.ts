import { beforeEach, describe, expect, it } from 'vitest'
import { type Ask, askApi } from '../../test/ask-api.ts'

const SHOP = '/api/v1/namespaces/shop'
const MERGE = { 'content-type': 'application/merge-patch+json' }
const finalizers = (...names: readonly string[]) => ({
  metadata: { name: 'shop' },
  spec: { finalizers: names },
})

let ask: Ask

beforeEach(async () => {
  ask = await askApi()
  await ask('POST', '/api/v1/namespaces', { metadata: { name: 'shop' } })
})

/** A config map that stays. */
async function keep(): Promise<void> {
  const metadata = { name: 'm', finalizers: ['example.com/keep'] }
  expect((await ask('POST', `${SHOP}/configmaps`, { metadata })).status).toBe(201)
}

describe('the finalizers of a namespace', () => {
  it('are written at their own path only', async () => {
    expect((await ask('PUT', SHOP, finalizers('example.com/x'))).json.spec).toEqual({
      finalizers: ['kubernetes'],
    })
    const { status, json } = await ask('PUT', `${SHOP}/finalize`, finalizers('kubernetes', 'example.com/x'))
    expect([status, json.spec.finalizers, json.status.phase]).toEqual([
      200,
      ['kubernetes', 'example.com/x'],
      'Active',
    ])
    for (const method of ['GET', 'DELETE', 'POST', 'PATCH']) {
      expect([method, (await ask(method, `${SHOP}/finalize`)).status]).toEqual([method, 405])
    }
  })

  it('must say whose they are', async () => {
    const { status, json } = await ask('PUT', `${SHOP}/finalize`, finalizers('kubernetes', 'bad'))
    const words = 'spec.finalizers[1]: Invalid value: "bad": name is neither a standard finalizer name nor'
    expect([status, json.message]).toEqual([422, expect.stringContaining(words)])
  })

  it('keep it when its content is gone', async () => {
    await ask('PUT', `${SHOP}/finalize`, finalizers('kubernetes', 'example.com/x'))
    await ask('DELETE', SHOP)
    expect((await ask('GET', SHOP)).json).toMatchObject({
      spec: { finalizers: ['example.com/x'] },
      status: { phase: 'Terminating' },
    })
    expect((await ask('PUT', `${SHOP}/finalize`, finalizers())).status).toBe(200)
    expect((await ask('GET', SHOP)).status).toBe(404)
  })

  it('without any, it ends although something keeps its content', async () => {
    await keep()
    await ask('DELETE', SHOP)
    expect((await ask('GET', SHOP)).json.status.phase).toBe('Terminating')
    expect((await ask('PUT', `${SHOP}/finalize`, finalizers())).status).toBe(200)
    expect((await ask('GET', SHOP)).status).toBe(404)
  })

  it('let no other change end it while there is content', async () => {
    await keep()
    await ask('DELETE', SHOP)
    await ask('PATCH', SHOP, { metadata: { labels: { a: 'b' } } }, MERGE)
    expect((await ask('GET', SHOP)).status).toBe(200)
    await ask('PATCH', `${SHOP}/configmaps/m`, { metadata: { finalizers: null } }, MERGE)
    expect((await ask('GET', SHOP)).status).toBe(404)
  })

  it('are found by clients', async () => {
    const { resources } = (await ask('GET', '/api/v1')).json
    const found = resources.find(({ name }: { name: string }) => name === 'namespaces/finalize')
    expect(found).toMatchObject({ kind: 'Namespace', namespaced: false, verbs: ['update'] })
  })
})

it('a config map that is too large is refused with the path of the whole object', async () => {
  const data = { a: 'x'.repeat(1_048_577) }
  const { status, json } = await ask('POST', `${SHOP}/configmaps`, { metadata: { name: 'm' }, data })
  const words = 'ConfigMap "m" is invalid: []: Too long: may not be more than 1048576 bytes'
  expect([status, json.message]).toEqual([422, words])
})
