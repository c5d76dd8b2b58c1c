import { describe, expect, it } from 'vitest'
import { databaseShape, refuseOptions } from './open-database.ts'

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
