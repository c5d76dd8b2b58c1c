import { hashSync } from 'bcryptjs'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { fixedClock, settled, thrownBy } from '../../../test/fakes.ts'
import type * as bcrypt from './bcrypt.ts'
import { passwordFile, type PasswordFileOptions } from './password-file.ts'

const HASH = hashSync('secret', 4)
const OTHER_HASH = hashSync('other', 4)

/** A check takes its time, so that what waits is put in order. */
const compare = vi.hoisted(() => vi.fn<(password: string, hash: string) => Promise<boolean>>())
vi.mock('./bcrypt.ts', async (importOriginal) => {
  const { parseBcrypt } = await importOriginal<typeof bcrypt>()
  return {
    parseBcrypt(text: string) {
      const parsed = parseBcrypt(text)
      return typeof parsed === 'string' ? parsed : { matches: (password: string) => compare(password, text) }
    },
  }
})
/** Digests of which no two share a count by chance. */
vi.mock('../../internal/digest/keyed-digest.ts', () => ({
  keyedDigest() {
    const known = new Map<string, string>()
    return (text: string): string => {
      const number = known.size
      const digest = known.get(text) ?? String.fromCharCode(number >> 8, number & 0xff).padEnd(32, '.')
      known.set(text, digest)
      return digest
    }
  },
}))
beforeEach(() => {
  compare.mockReset()
  compare.mockImplementation(async (password, hash) => {
    await settled()
    return (password === 'secret' && hash === HASH) || (password === 'other' && hash === OTHER_HASH)
  })
})

describe('in a flood', () => {
  /** One check at a time of very many, and how many others are checked before jane. */
  function flooded(options: PasswordFileOptions = {}) {
    const clock = fixedClock()
    const passwords = passwordFile(`${HASH},jane,1\n${OTHER_HASH},bob,2`, {
      clock,
      maxConcurrent: 1,
      maxWaiting: 40,
      ...options,
    })
    const ask = async (username: string, password: string, remoteAddress: string) =>
      (await passwords.authenticatePassword(username, password, { remoteAddress }))?.user.username
    const flood = (claim: (index: number) => readonly [string, string]): Promise<unknown> =>
      Promise.allSettled(
        Array.from({ length: 100 }, (_, index) => {
          const [username, remoteAddress] = claim(index)
          return ask(username, `guess${index}`, remoteAddress)
        }),
      )
    /** The place of jane's check among all; `undefined` where it was refused. */
    const placeOf = async (answer: Promise<string | undefined>): Promise<number | undefined> => {
      try {
        expect(await answer).toBe('jane')
        return compare.mock.calls.findIndex(([password]) => password === 'secret') + 1
      } catch (error) {
        expect(error).toMatchObject({ code: 'unavailable', retryAfterSeconds: 2 })
        return undefined
      }
    }
    return { clock, ask, flood, placeOf }
  }

  it.each<[string, (index: number) => readonly [string, string]]>([
    ['made up names', (index) => [`x${index}`, '192.0.2.9']],
    ['made up names from her own address', (index) => [`x${index}`, '192.0.2.1']],
    ['her own name', () => ['jane', '192.0.2.9']],
    ['her own name from everywhere', (index) => ['jane', `198.51.100.${index}`]],
    ['made up names from everywhere', (index) => [`x${index}`, `198.51.100.${index}`]],
  ])('of %s, a user who logged in lately has one of the next turns', async (_, claim) => {
    const { clock, ask, flood, placeOf } = flooded()
    await ask('jane', 'secret', '192.0.2.1')
    clock.advance(1_000_000)
    compare.mockClear()
    const attack = flood(claim)
    expect(await placeOf(ask('jane', 'secret', '192.0.2.1'))).toBeLessThanOrEqual(3)
    await attack
  })

  it.each<[string, (index: number) => readonly [string, string]]>([
    ['made up names', (index) => [`x${index}`, '192.0.2.9']],
    ['her own name', () => ['jane', '192.0.2.9']],
    ['made up names from one network', (index) => [`x${index}`, `2001:db8:1:2::${index}`]],
  ])('of %s from elsewhere, a user who logs in first has one of the next turns', async (_, claim) => {
    const { ask, flood, placeOf } = flooded()
    const attack = flood(claim)
    expect(await placeOf(ask('jane', 'secret', '2001:db8:1:3::1'))).toBeLessThanOrEqual(3)
    await attack
  })

  it('a user is told to come again later where nothing tells them from it', async () => {
    const { ask, flood, placeOf } = flooded()
    const attack = flood((index) => [`x${index}`, '192.0.2.1'])
    expect(await placeOf(ask('jane', 'secret', '192.0.2.1'))).toBeUndefined()
    await attack
  })

  it.each([
    ['of a wrong password', 'wrong', '192.0.2.1', 0],
    ['from another address', 'secret', '192.0.2.2', 0],
    ['after more than an hour', 'secret', '192.0.2.1', 3_600_001],
  ])('the place of a user is not for a request %s', async (_, password, address, milliseconds) => {
    const { clock, ask, flood } = flooded({ successTtlSeconds: 0 })
    await ask('jane', 'secret', '192.0.2.1')
    clock.advance(milliseconds)
    const attack = flood((index) => [`x${index}`, address])
    expect(await thrownBy(() => ask('jane', password, address))).toMatchObject({ code: 'unavailable' })
    await attack
  })

  it('a password cannot be found out by which guesses are refused: few are told from others', async () => {
    const { clock, ask, flood } = flooded({ successTtlSeconds: 0 })
    await ask('jane', 'secret', '192.0.2.1')
    const guess = (): Promise<unknown> => flood(() => ['jane', '192.0.2.1'])
    const attack = guess()
    expect(await thrownBy(() => ask('jane', 'secret', '192.0.2.1'))).toMatchObject({ code: 'unavailable' })
    await attack
    clock.advance(60_000)
    const later = flood((index) => [`x${index}`, '192.0.2.1'])
    expect(await ask('jane', 'secret', '192.0.2.1')).toBe('jane')
    await later
  })

  it('an unknown user is checked, refused and preferred as a known one is', async () => {
    const outcomes = async (username: string) => {
      compare.mockClear()
      const { ask, flood } = flooded()
      await ask('jane', 'secret', '192.0.2.1')
      const attack = flood((index) => [`x${index}`, '192.0.2.9'])
      const asked = await Promise.allSettled(
        Array.from({ length: 60 }, (_, index) => ask(username, `guess${index}`, '192.0.2.1')),
      )
      await attack
      return [asked.map(({ status }) => status), compare.mock.calls.map(([password]) => password)]
    }
    expect(await outcomes('nobody')).toEqual(await outcomes('bob'))
  })
})
