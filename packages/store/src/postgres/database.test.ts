import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { type Database, database, type PostgresClient } from './database.ts'

const LIMIT_QUESTION = "SELECT current_setting('statement_timeout') <> '0' AS limited"

/** A statement that is not answered. */
const UNANSWERED = 'SELECT pg_sleep(60)'

/** A database whose connections may have a limit for statements, and what it was sent. The refused statements fail once. */
function databaseOf(
  limited: boolean,
  refused: readonly string[] = [],
): { readonly sent: string[]; readonly opened: Database } {
  const sent: string[] = []
  const failing = [...refused]
  const client: PostgresClient = {
    query(text) {
      sent.push(text)
      if (text === UNANSWERED) return new Promise(() => {})
      if (failing[0] !== text)
        return Promise.resolve({ rows: text === LIMIT_QUESTION ? [{ limited }] : [{ text }] })
      failing.shift()
      return Promise.reject(Object.assign(new Error('hunter2'), { code: '57014' }))
    },
    on: () => undefined,
    release: (isBroken) => void sent.push(isBroken === true ? 'closed' : 'released'),
  }
  const opened = database({
    pool: { connect: () => Promise.resolve(client) },
    end: () => Promise.resolve(),
    cutOff: () => void sent.push('cut off'),
    timeoutMs: 1001,
  })
  return { sent, opened }
}

const statements = (sent: readonly string[]): readonly string[] =>
  sent.filter((each) => each !== 'released' && each !== LIMIT_QUESTION)

describe('a statement that reads', () => {
  it('is sent alone over connections with a limit of their own, for which they are asked once', async () => {
    const { sent, opened } = databaseOf(true)
    expect(await opened.read('SELECT 1')).toEqual([{ text: 'SELECT 1' }])
    await opened.read('SELECT 2')
    expect(statements(sent)).toEqual(['SELECT 1', 'SELECT 2'])
    expect(sent.filter((each) => each === LIMIT_QUESTION)).toHaveLength(1)
  })

  it('is a transaction with a limit over others, which sets nothing that stays', async () => {
    const { sent, opened } = databaseOf(false)
    expect(await opened.read('SELECT 1')).toEqual([{ text: 'SELECT 1' }])
    expect(statements(sent)).toEqual([
      // Nine tenths of the time for which its client waits, rounded up.
      'BEGIN READ ONLY; SET LOCAL statement_timeout = 901',
      'SELECT 1',
      'COMMIT',
    ])
    expect(sent.at(-1)).toBe('released')
  })

  it('that fails closes its connection, and with it the transaction', async () => {
    const { sent, opened } = databaseOf(false, ['SELECT 1'])
    const failure: unknown = await opened.read('SELECT 1').catch((thrown: unknown) => thrown)
    expect(failure).toMatchObject({ code: 'storeUnavailable' })
    expect(String(failure)).toContain('57014')
    expect(String(failure)).not.toContain('hunter2')
    expect(sent.at(-1)).toBe('closed')
  })

  it('asks again for a limit if that has failed', async () => {
    const { sent, opened } = databaseOf(true, [LIMIT_QUESTION])
    await expect(opened.read('SELECT 1')).rejects.toMatchObject({ code: 'storeUnavailable' })
    await opened.read('SELECT 1')
    expect(statements(sent)).toEqual(['closed', 'SELECT 1'])
  })
})

describe('statements that write', () => {
  it('are one statement, also over connections without a limit: nothing then waits for its client', async () => {
    const { sent, opened } = databaseOf(false)
    await opened.query('SELECT write()')
    expect(sent).toEqual(['SELECT write()', 'released'])
  })

  it('of a migration have a limit each', async () => {
    const { sent, opened } = databaseOf(false)
    await opened.transaction(async (query) => void (await query('CREATE SCHEMA x')))
    expect(statements(sent)).toEqual([
      'BEGIN ISOLATION LEVEL READ COMMITTED; SET LOCAL statement_timeout = 901',
      'CREATE SCHEMA x',
      'COMMIT',
    ])
  })

  it.each(['query', 'transaction'] as const)(
    'cut their connection off if there is no answer in time (%s)',
    async (kind) => {
      vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
      onTestFinished(() => void vi.useRealTimers())
      const { sent, opened } = databaseOf(false)
      const work =
        kind === 'query'
          ? opened.query(UNANSWERED)
          : opened.transaction(async (query) => void (await query(UNANSWERED)))
      const failure = work.catch((thrown: unknown) => thrown)
      await vi.advanceTimersByTimeAsync(1000)
      expect(sent.at(-1)).toBe(UNANSWERED)
      await vi.advanceTimersByTimeAsync(1)
      expect(await failure).toMatchObject({ code: 'storeUnavailable' })
      expect(sent.at(-1)).toBe('cut off')
    },
  )
})
