import { describe, expect, it } from 'vitest'
import { StoreError } from '../store-error.ts'
import { postgresFailure } from './failure.ts'

const failed = (message: string, more: object = {}): string =>
  postgresFailure(Object.assign(new Error(message), more)).message.replace('PostgreSQL cannot be used: ', '')

describe('postgresFailure', () => {
  it.each([
    ['42501', 'the user lacks a privilege (42501)'],
    ['28000', 'the user was not authenticated (28000)'],
    [
      '28P01',
      'the user was not authenticated: the password is wrong, or none was given (PGPASSWORD, PGPASSFILE) (28P01)',
    ],
    ['57P03', 'the database is starting up, or shutting down (57P03)'],
    ['57P01', 'the server stopped the statement, or stops itself (57P01)'],
    ['22023', 'a statement failed (22023)'],
    ['ECONNREFUSED', 'the connection failed (ECONNREFUSED)'],
    [
      'DEPTH_ZERO_SELF_SIGNED_CERT',
      'the certificate of the server is not accepted (DEPTH_ZERO_SELF_SIGNED_CERT)',
    ],
    [
      'ERR_TLS_CERT_ALTNAME_INVALID',
      'the certificate of the server is not accepted (ERR_TLS_CERT_ALTNAME_INVALID)',
    ],
    ['__proto__', 'the connection failed'],
    ['constructor', 'the connection failed'],
    ['a secret', 'the connection failed'],
  ])('says what %s means', (code, expected) => {
    expect(failed('hunter2', { code })).toBe(expected)
  })

  it.each([
    ['timeout expired', 'no connection was made in time'],
    ['Connection terminated due to connection timeout', 'no connection was made in time'],
    ['timeout exceeded when trying to connect', 'no connection was made in time'],
    ['Connection terminated unexpectedly', 'the server closed the connection'],
    [
      'SASL: Only mechanism(s) X are supported',
      'the server asks for an authentication that is not supported',
    ],
    ['postgres://jane:hunter2@db/x', 'the connection failed'],
  ])('says what the driver means by %s', (message, expected) => {
    expect(failed(message)).toBe(expected)
  })

  it('tells a file that cannot be read from a socket that is not there', () => {
    expect(failed('x', { code: 'ENOENT', syscall: 'open', path: '/ca.crt' })).toBe(
      'a file that the connection string names for TLS cannot be read (ENOENT)',
    )
    expect(failed('x', { code: 'ENOENT', syscall: 'connect' })).toBe('the connection failed (ENOENT)')
  })

  it('passes on what is an error of a store already, and takes anything', () => {
    const error = new StoreError('closed', 'it is closed')
    expect(postgresFailure(error)).toBe(error)
    for (const thrown of [undefined, null, 'hunter2', 1]) {
      expect(postgresFailure(thrown).message).toBe('PostgreSQL cannot be used: the connection failed')
    }
  })
})
