import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { databaseShape, openDatabase, refuseOptions } from './open-database.ts'

const refusalOf = (options: object): unknown => {
  try {
    refuseOptions(databaseShape, options)
    return undefined
  } catch (error) {
    return error instanceof Error ? error.message : error
  }
}
const url = (query: string): object => ({ connectionString: `postgres://jane@db.example.com/x${query}` })
const poolOf = (options: object | undefined): object => ({
  pool: { connect: () => Promise.reject(new Error('not asked')), options },
})

describe('the options of a store in PostgreSQL', () => {
  it.each(['', '?sslmode=disable', '?sslmode=verify-full', '?sslmode=require', '?sslmode=no-verify'])(
    'have a connection string with the parameters "%s"',
    (query) => {
      expect(refusalOf(url(query))).toBeUndefined()
    },
  )

  it.each(['bogus', '', 'VERIFY-FULL', 'allow', '__proto__'])('have no sslmode "%s"', (mode) => {
    expect(refusalOf(url(`?sslmode=${mode}`))).toContain('connectionString: must have an sslmode that exists')
  })

  it.each([0, 1, 2])('have no pool of %i connections', (max) => {
    expect(refusalOf(poolOf({ max }))).toContain(
      `pool: must have at least 3 connections: its option max is ${max}`,
    )
  })

  it.each([{ max: 3 }, { max: 100 }, { max: '1' }, {}, undefined])(
    'have a pool with the options %j',
    (options) => {
      expect(refusalOf(poolOf(options))).toBeUndefined()
    },
  )
})

it('a database that does not answer is waited for ten seconds, unless another time is given', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  onTestFinished(() => void vi.useRealTimers())
  const pool = { connect: () => new Promise<never>(() => undefined) }
  for (const [options, milliseconds] of [
    [{ pool }, 10_000],
    [{ pool, timeoutSeconds: 0.5 }, 500],
  ] as const) {
    const opened = await openDatabase(options)
    let failure: unknown
    void opened.query('SELECT 1').catch((thrown: unknown) => (failure = thrown))
    await vi.advanceTimersByTimeAsync(milliseconds - 1)
    expect(failure).toBeUndefined()
    await vi.advanceTimersByTimeAsync(1)
    expect(failure).toMatchObject({ code: 'storeUnavailable' })
  }
})
