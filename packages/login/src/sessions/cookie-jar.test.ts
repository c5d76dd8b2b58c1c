import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { cpuSecondsOf } from '../../../../test/cpu-seconds.ts'
import { browser } from '../../test/sessions.ts'
import { type CookieJar, cookieJar } from './cookie-jar.ts'

const jar = cookieJar({ cookieName: 'session', allowInsecureHttp: false, maxCookies: 3 })
const ATTRIBUTES = 'Path=/; Secure; HttpOnly; SameSite=Lax'

/** The longest value that one cookie can hold. */
const ONE = 4096 - `__Host-session=; Max-Age=60; ${ATTRIBUTES}`.length
/** The longest value that three cookies can hold. */
const ALL = ONE - '2~'.length + 2 * (4096 - `__Host-session.1=; Max-Age=60; ${ATTRIBUTES}`.length)

/** What a browser sends that got this. */
function sent(value: string, by: CookieJar = jar): string {
  const one = browser()
  one.take(by.write(value, 60_000))
  return one.header
}

describe('the cookies of a session', () => {
  it('have every attribute that protects them, and are removed with the same', () => {
    expect(jar.write('abc', 59_001)).toEqual([
      `__Host-session=abc; Max-Age=60; ${ATTRIBUTES}`,
      `__Host-session.1=; Max-Age=0; ${ATTRIBUTES}`,
      `__Host-session.2=; Max-Age=0; ${ATTRIBUTES}`,
    ])
    expect(jar.clear()).toEqual(
      ['', '.1', '.2'].map((end) => `__Host-session${end}=; Max-Age=0; ${ATTRIBUTES}`),
    )
  })

  it('have neither Secure nor the prefix over plain HTTP, which browsers would refuse', () => {
    const insecure = cookieJar({ cookieName: 'session', allowInsecureHttp: true, maxCookies: 1 })
    expect(insecure.write('abc', 1)).toEqual(['session=abc; Max-Age=1; Path=/; HttpOnly; SameSite=Lax'])
  })

  it.each([
    [1, 1],
    [ONE, 1],
    [ONE + 1, 2],
    [2 * ONE, 3],
    [ALL, 3],
  ])('hold %i bytes in %i cookies of at most 4,096 bytes with their attributes', (length, count) => {
    const value = 'v'.repeat(length)
    const lines = jar.write(value, 60_000)
    expect(lines.filter((line) => line.includes('Max-Age=60'))).toHaveLength(count)
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(4096)
    expect(jar.read(sent(value))).toBe(value)
  })

  it('refuse one byte more than fits, and say what to do', () => {
    expect(() => jar.write('v'.repeat(ALL + 1), 60_000)).toThrow(
      `the session has ${ALL + 1} bytes and cookies have room for ${ALL}: keep sessions in a store`,
    )
  })

  it('are read as they were written, whatever other cookies there are', () => {
    const value = fc.stringMatching(/^[\w.-]{1,9000}$/)
    const others = fc.array(fc.stringMatching(/^[a-z]{1,9}=[ -:<-~]{0,20}$/), { maxLength: 20 })
    fc.assert(
      fc.property(value, others, others, (text, before, after) => {
        expect(jar.read([...before, sent(text), ...after].join('; '))).toBe(text)
      }),
      { numRuns: 200 },
    )
  })
})

describe('a Cookie header', () => {
  const two = sent(`${'a'.repeat(ONE)}${'b'.repeat(9)}`)
  const [first = '', second = ''] = two.split('; ')

  it.each([
    ['absent', undefined],
    ['absent in Fetch', null],
    ['empty', ''],
    ['with other cookies only', 'session=abc; Host-session=abc; __Host-session2=abc; __host-session=abc'],
    ['with an empty value', '__Host-session='],
    ['without a value', '__Host-session'],
    ['with the cookie twice', '__Host-session=abc; a=b; __Host-session=abc'],
    ['with the cookie twice, once empty', '__Host-session=; __Host-session=abc'],
    ['with a part twice', `${two}; ${second}`],
    ['with the second part missing', first],
    ['with the first part missing', second],
    ['with an empty part', `${first}; __Host-session.1=`],
    ['with more parts than are allowed', '__Host-session=4~a; __Host-session.1=b; __Host-session.2=c'],
    ['with a part count of 0', '__Host-session=0~abc'],
    ['with a part count of 1', '__Host-session=1~abc'],
    ['with a part count of 10', '__Host-session=10~abc'],
    ['with a quoted value', '__Host-session="abc"'],
    ['with a character that is never sent', '__Host-session=a%62c'],
    ['with a value in another script', '__Host-session=аbc'],
    ['with a null character', '__Host-session=a\0c'],
    ['that was joined with a comma', 'a=b, __Host-session=abc'],
    ['with a value that is longer than was ever written', `__Host-session=${'a'.repeat(4097)}`],
    ['of a mebibyte', `__Host-session=abc; a=${'b'.repeat(1_048_576)}`],
    ['of a mebibyte of semicolons', `__Host-session=abc${';'.repeat(1_048_576)}`],
    ['with the cookie ten thousand times', '__Host-session=a; '.repeat(10_000)],
  ])('%s has no session', (_, header) => {
    expect(jar.read(header)).toBeUndefined()
  })

  it('is read up to 65,536 characters', () => {
    const start = '__Host-session=abc; a='
    expect(jar.read(start.padEnd(65_536, 'b'))).toBe('abc')
    expect(jar.read(start.padEnd(65_537, 'b'))).toBeUndefined()
  })

  it('may have 200 other cookies', () => {
    const others = Array.from({ length: 200 }, (_, index) => `__Host-session${index}=x`)
    expect(jar.read([...others.slice(100), '__Host-session=abc', ...others.slice(0, 100)].join('; '))).toBe(
      'abc',
    )
  })

  it('costs little, however long it is', () => {
    const headers = ['=', ';', ' ', '__Host-session=2~', 'a=b; '].map((part) =>
      part.repeat(Math.ceil(65_536 / part.length)).slice(0, 65_536),
    )
    expect(
      cpuSecondsOf(() => {
        for (let round = 0; round < 20; round++) for (const header of headers) jar.read(header)
      }),
    ).toBeLessThan(5)
  })
})
