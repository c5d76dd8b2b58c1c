import { describe, expect, it } from 'vitest'
import type { Row } from './database.ts'
import { postgresFailure } from './failure.ts'
import { writer, type Writer } from './writer.ts'

/** Over a database whose function answers so. */
function writerOver(rows: readonly Row[] | Error): Writer {
  return writer({
    database: {
      query: () => (rows instanceof Error ? Promise.reject(postgresFailure(rows)) : Promise.resolve(rows)),
    },
    schema: 'kube_authn',
    now: () => null,
    waitMs: 1000,
    onWritten: () => {},
    between: () => Promise.resolve(),
  })
}

const STATE = { o_position: null, o_value: JSON.stringify({ revision: 1, compacted: 0, length: 0, now: 0 }) }
const CREATED = {
  o_position: 1,
  o_outcome: 'created',
  o_key: '/a',
  o_value: null,
  o_revision: 1,
  o_created: 1,
  o_expires: null,
  o_previous: null,
}

describe('writes of a group', () => {
  it('are settled, whatever the function of the database answers', async () => {
    const { write, idle } = writerOver([CREATED, STATE])
    const outcomes = await Promise.allSettled(
      ['/a', '/b'].map((key) => write({ type: 'created', key, value: 'x' })),
    )
    expect(outcomes).toMatchObject([
      { status: 'fulfilled', value: { key: '/a', value: 'x', revision: 1 } },
      { status: 'rejected', reason: { code: 'storeCorrupted' } },
    ])
    await idle()
  })

  it('all fail if the function says nothing of the store', async () => {
    const { write } = writerOver([])
    await expect(write({ type: 'deleted', key: '/a' })).rejects.toMatchObject({ code: 'storeCorrupted' })
  })

  it.each([
    ['53100', 'notWritten'],
    ['25006', 'notWritten'],
    ['57P03', 'notWritten'],
    ['ECONNREFUSED', 'notWritten'],
    ['57P01', 'unknown'],
    ['40003', 'unknown'],
    ['08006', 'unknown'],
    ['XX001', 'unknown'],
    ['ECONNRESET', 'unknown'],
    ['EPIPE', 'unknown'],
    [undefined, 'unknown'],
  ])('fail with what became of them: %s', async (code, outcome) => {
    const { write } = writerOver(Object.assign(new Error('failed'), { code }))
    await expect(write({ type: 'deleted', key: '/a' })).rejects.toMatchObject({ outcome })
  })
})
