import { setImmediate as nextTurn } from 'node:timers/promises'
import { expect, it } from 'vitest'
import type { ListedObject } from '../registry/list-objects.ts'
import { listAnswer } from './list-answer.ts'

const HEAD = { kind: 'ConfigMapList', apiVersion: 'v1', metadata: { resourceVersion: '9' } }

function stored(count: number, text = ''): readonly ListedObject[] {
  return Array.from({ length: count }, (_, index) => {
    const metadata = { name: `ü-${index}"\u2028` }
    const value = JSON.stringify({ kind: 'ConfigMap', apiVersion: 'v1', data: { text }, metadata })
    const read = { key: `/${index}`, value, revision: index + 1, createdRevision: 1 }
    return { stored: read, object: undefined }
  })
}

function answered(objects: readonly ListedObject[], member: 'items' | 'rows' = 'items') {
  return listAnswer({ head: HEAD, member, objects, shown: (object) => object })
}

it.each<[string, number, string, boolean]>([
  ['nothing', 0, '', false],
  ['500 small objects', 500, '', false],
  ['501', 501, '', true],
  ['whole pieces only', 1000, '', true],
  ['one large object', 1, 'x'.repeat(300_000), true],
  ['some large objects', 3, 'x'.repeat(300_000), true],
])('a list has all objects in order, and is a stream if it is long: %s', async (_, count, text, isStream) => {
  const objects = stored(count, text)
  const answer = answered(objects)
  expect(answer instanceof Response).toBe(isStream)
  const content = answer instanceof Response ? await answer.text() : answer.content
  const items = objects.map(({ stored: { value, revision } }) => {
    const object = JSON.parse(value) as { readonly metadata: object }
    return { ...object, metadata: { ...object.metadata, resourceVersion: String(revision) } }
  })
  expect(content).toBe(JSON.stringify({ ...HEAD, items }))
})

it('a long list is uncacheable JSON, as a short one is', () => {
  const [short, long] = [answered(stored(1)), answered(stored(501), 'rows')]
  if (short instanceof Response || !(long instanceof Response)) throw new TypeError('not what was asked for')
  expect(long.status).toBe(short.status)
  expect(Object.fromEntries(long.headers)).toEqual(short.headers)
})

it('the event loop goes on after each piece', async () => {
  const answer = answered(stored(5000))
  if (!(answer instanceof Response)) throw new TypeError('not a stream')
  let turns = 0
  const over = { is: false }
  const counting = (async () => {
    for (; !over.is; turns++) await nextTurn()
  })()
  await answer.text()
  over.is = true
  await counting
  expect(turns).toBeGreaterThanOrEqual(10)
})

it('a client that stops reading costs nothing more', async () => {
  let shown = 0
  const answer = listAnswer({
    head: HEAD,
    member: 'items',
    objects: stored(5000),
    shown(object) {
      shown++
      return object
    },
  })
  if (!(answer instanceof Response)) throw new TypeError('not a stream')
  const reader = answer.body?.getReader()
  await reader?.read()
  await reader?.cancel()
  for (let turn = 0; turn < 20; turn++) await nextTurn()
  expect(shown).toBeLessThanOrEqual(1000)
})

it('an answer with an object that is none does not end as if it were complete', async () => {
  const broken = { key: '/x', value: '[]', revision: 1, createdRevision: 1 }
  const objects = [...stored(1000), { stored: broken, object: undefined }]
  const answer = answered(objects)
  if (!(answer instanceof Response)) throw new TypeError('not a stream')
  await expect(answer.text()).rejects.toThrow('an object in the store is not one')
})
