import { describe, expect, it } from 'vitest'
import { fixedClock, settled, thrownBy } from '../../../test/fakes.ts'
import { keyedDigest } from '../digest/keyed-digest.ts'
import { sha256 } from '../digest/native.ts'
import { addressKey } from './address-key.ts'
import { BUSY_SECONDS } from '../retry-after.ts'
import { fairLimit, RecentUse } from './fair-limit.ts'

const numbers = new Map<string, number>()
/** Digests of which no two share a count. */
function digest(text: string): string {
  const number = numbers.get(text) ?? numbers.size
  numbers.set(text, number)
  return String.fromCharCode(number >> 8, number & 0xff)
}

interface Asked {
  readonly name: string
  readonly address?: string
  readonly isFamiliar?: boolean
}

/** A limit with tasks that end when they are told to, and the order in which they began. */
function held(options: { maxConcurrent?: number; maxWaiting?: number } = {}) {
  const clock = fixedClock()
  const limit = fairLimit({
    maxConcurrent: 1,
    maxWaiting: 4,
    maxWaitMs: 10_000,
    tooMany: 'too many',
    clock,
    ...options,
  })
  const began: string[] = []
  const refused: string[] = []
  const ends: (() => void)[] = []
  const ask = ({ name, address, isFamiliar = false }: Asked, signal?: AbortSignal): Promise<void> => {
    const keys = [digest(`name ${name}`), ...(address === undefined ? [] : [digest(`address ${address}`)])]
    const label = address === undefined ? name : `${name}@${address}`
    const done = limit(
      () => {
        began.push(label)
        return new Promise<void>((resolve) => ends.push(resolve))
      },
      { keys, isFamiliar },
      signal,
    )
    done.catch(() => refused.push(label))
    return done
  }
  const end = async (count = 1): Promise<void> => {
    for (let index = 0; index < count; index++) {
      ends.shift()?.()
      await settled()
    }
  }
  return { clock, ask, end, began, refused }
}

const times = (count: number, asked: (index: number) => Asked): readonly Asked[] =>
  Array.from({ length: count }, (_, index) => asked(index))

/** Jane asks after 50 others that one worker has to deal with: how many of them come before her? */
async function othersBefore(jane: Asked, others: readonly Asked[]): Promise<number> {
  const { ask, end, began } = held({ maxWaiting: 100 })
  for (const each of others) void ask(each)
  void ask(jane)
  const isIn = (): boolean => began.some((label) => label.startsWith('jane@home') || label === 'jane')
  while (!isIn() && began.length <= others.length) {
    await end()
  }
  return began.length - 1
}

describe('a turn', () => {
  const many = 50
  it.each<[string, Asked, readonly Asked[], number]>([
    [
      'after one at most, from another address than a flood of made up names',
      { name: 'jane', address: 'home' },
      times(many, (index) => ({ name: `x${index}`, address: 'evil' })),
      1,
    ],
    [
      'after one at most, from another address than a flood of her own name',
      { name: 'jane', address: 'home' },
      times(many, () => ({ name: 'jane', address: 'evil' })),
      1,
    ],
    [
      'after one at most, behind a proxy, among few names that come again and again',
      { name: 'jane', address: 'home' },
      times(many, (index) => ({ name: `x${index % 5}`, address: 'home' })),
      1,
    ],
    [
      'after one at most, without any addresses, among few names that come again and again',
      { name: 'jane' },
      times(many, () => ({ name: 'eve' })),
      1,
    ],
    [
      'after one at most, who is familiar, in a flood of made up names behind the same proxy',
      { name: 'jane', address: 'home', isFamiliar: true },
      times(many, (index) => ({ name: `x${index}`, address: 'home' })),
      1,
    ],
    [
      'after two at most, who is familiar, in a flood of her own name from everywhere',
      { name: 'jane', address: 'home', isFamiliar: true },
      times(many, (index) => ({ name: 'jane', address: `evil${index}` })),
      2,
    ],
    [
      'at last, in a flood that nothing tells from her',
      { name: 'jane', address: 'home' },
      times(many, (index) => ({ name: `x${index}`, address: `y${index}` })),
      many,
    ],
  ])('comes %s', async (_, jane, others, most) => {
    expect(await othersBefore(jane, others)).toBeLessThanOrEqual(most)
  })

  it('comes in the order of arrival where all are alike', async () => {
    const { ask, end, began } = held()
    for (const name of ['a', 'b', 'c', 'd']) void ask({ name })
    await end(4)
    expect(began).toEqual(['a', 'b', 'c', 'd'])
  })

  it('goes to the oldest task every fourth time, whatever else waits', async () => {
    const { ask, end, began } = held({ maxWaiting: 100 })
    for (const asked of times(30, () => ({ name: 'eve' }))) void ask(asked)
    let turns = 0
    for (; turns < 40 && began.filter((name) => name === 'eve').length < 6; turns++) {
      void ask({ name: `friend${turns}`, isFamiliar: true })
      void ask({ name: `other${turns}` })
      await end()
    }
    expect(turns).toBeLessThanOrEqual(20)
  })

  it('comes to others as well where the familiar do not cease to ask', async () => {
    const { ask, end, began } = held({ maxWaiting: 100 })
    for (const asked of times(30, () => ({ name: 'insider', isFamiliar: true }))) void ask(asked)
    void ask({ name: 'jane' })
    await end(3)
    expect(began).toContain('jane')
  })

  it('forgets in time who used much', async () => {
    const { ask, end, began, clock } = held({ maxWaiting: 100 })
    for (const asked of times(20, () => ({ name: 'eve' }))) void ask(asked)
    await end(20)
    clock.advance(60_000 * 6)
    for (const name of ['first', 'eve', 'other']) void ask({ name })
    await end(3)
    expect(began.slice(20)).toEqual(['first', 'eve', 'other'])
  })
})

describe('without room', () => {
  const full = async (others: readonly Asked[]) => {
    const { ask, refused, ...rest } = held()
    for (const each of others) void ask(each).catch(() => undefined)
    await settled()
    return { ask, refused, ...rest }
  }
  const flood = times(5, (index) => ({ name: `x${index}`, address: 'evil' }))

  it('the newest of those that used equally much has to go, with a time to try again', async () => {
    const { ask } = await full(flood)
    expect(await thrownBy(() => ask({ name: 'x9', address: 'evil' }))).toMatchObject({
      code: 'unavailable',
      message: 'too many',
      retryAfterSeconds: BUSY_SECONDS,
    })
  })

  it.each<[string, Asked]>([
    ['used less', { name: 'jane', address: 'home' }],
    ['is familiar', { name: 'x0', address: 'evil', isFamiliar: true }],
  ])('a flood makes way for what %s', async (_, jane) => {
    const { ask, end, began, refused } = await full(flood)
    void ask(jane)
    await settled()
    expect(refused).toEqual(['x4@evil'])
    await end(3)
    expect(began).toContain(`${jane.name}@${jane.address}`)
  })

  it('nothing that is familiar makes way, not even for what is too', async () => {
    const { ask, refused } = await full(times(5, (index) => ({ name: `x${index}`, isFamiliar: true })))
    expect(await thrownBy(() => ask({ name: 'jane' }))).toMatchObject({ code: 'unavailable' })
    expect(await thrownBy(() => ask({ name: 'jane', isFamiliar: true }))).toMatchObject({
      code: 'unavailable',
    })
    expect(refused).toEqual(['jane', 'jane'])
  })

  it('what is refused counts for nothing later', async () => {
    const { ask, end, began, refused } = await full(times(5, () => ({ name: 'eve' })))
    for (let count = 0; count < 20; count++) await ask({ name: 'eve' }).catch(() => undefined)
    expect(refused).toHaveLength(20)
    await end(5)
    expect(began).toHaveLength(5)
  })
})

describe('a task that waits', () => {
  it('is refused after a while, to the millisecond, and leaves its place', async () => {
    const { ask, end, began, clock } = held({ maxWaiting: 1 })
    void ask({ name: 'a' })
    const late = ask({ name: 'b' })
    clock.advance(9999)
    void ask({ name: 'c' }).catch(() => undefined)
    clock.advance(1)
    expect(await thrownBy(() => late)).toMatchObject({
      code: 'unavailable',
      retryAfterSeconds: BUSY_SECONDS,
    })
    void ask({ name: 'd' })
    await end(2)
    expect(began).toEqual(['a', 'd'])
    expect(clock.pending).toBe(0)
  })
})

describe('a familiar task that waits', () => {
  it('is refused after three times as long', async () => {
    const { ask, clock } = held()
    void ask({ name: 'a' })
    const late = ask({ name: 'b', isFamiliar: true })
    let error: unknown
    late.catch((thrown: unknown) => (error = thrown))
    clock.advance(29_999)
    await settled()
    expect(error).toBeUndefined()
    clock.advance(1)
    await settled()
    expect(error).toMatchObject({ code: 'unavailable', retryAfterSeconds: BUSY_SECONDS })
  })
})

describe('a task that is given up', () => {
  it('takes no turn, and leaves its place', async () => {
    const { ask, end, began, refused } = held({ maxWaiting: 1 })
    void ask({ name: 'a' })
    const abort = new AbortController()
    const given = ask({ name: 'b' }, abort.signal)
    abort.abort()
    expect(await thrownBy(() => given)).toMatchObject({ code: 'unavailable' })
    void ask({ name: 'c' })
    await end(2)
    expect(began).toEqual(['a', 'c'])
    expect(refused).toEqual(['b'])
  })

  it('before it asked takes none either', async () => {
    const { ask } = held()
    void ask({ name: 'a' })
    expect(await thrownBy(() => ask({ name: 'b' }, AbortSignal.abort()))).toMatchObject({
      code: 'unavailable',
    })
  })

  it('before it asked does not begin where there is a turn, makes nothing go, and does not count as use', async () => {
    const { ask, end, began, refused } = held({ maxWaiting: 1 })
    const gone = { name: 'gone', address: 'home', isFamiliar: true }
    for (let count = 0; count < 20; count++) {
      expect(await thrownBy(() => ask(gone, AbortSignal.abort()))).toMatchObject({ code: 'unavailable' })
    }
    expect(began).toEqual([])
    void ask({ name: 'a' })
    void ask({ name: 'b' })
    expect(await thrownBy(() => ask(gone, AbortSignal.abort()))).toMatchObject({ code: 'unavailable' })
    expect(new Set(refused)).toEqual(new Set(['gone@home']))
    await end()
    void ask({ name: 'gone', address: 'home' })
    await end(2)
    expect(began).toEqual(['a', 'b', 'gone@home'])
  })
})

describe('a limit', () => {
  it('runs as many at once as it may, and no more', async () => {
    const { ask, began, end } = held({ maxConcurrent: 3 })
    for (const asked of times(5, (index) => ({ name: `${index}` }))) void ask(asked)
    expect(began).toHaveLength(3)
    await end()
    expect(began).toHaveLength(4)
    await end(4)
    for (const asked of times(4, (index) => ({ name: `again${index}` }))) void ask(asked)
    expect(began).toHaveLength(8)
  })

  it('goes on after a task that fails', async () => {
    const limit = fairLimit({ maxConcurrent: 1, maxWaiting: 0, maxWaitMs: 0, tooMany: '' })
    const share = { keys: [], isFamiliar: false }
    const failed = limit(() => Promise.reject(new Error('broken')), share)
    expect(await thrownBy(() => failed)).toMatchObject({ message: 'broken' })
    expect(await limit(() => Promise.resolve('done'), share)).toBe('done')
  })
})

describe('recent use', () => {
  it('halves every half-life, and nothing is left in the end', () => {
    const clock = fixedClock()
    const use = new RecentUse(clock, 1000)
    const key = digest('jane')
    for (let count = 0; count < 9; count++) use.add(key)
    const seen = [0, 999, 1, 1000, 2000, 1_000_000].map((milliseconds) => {
      clock.advance(milliseconds)
      use.halve()
      return use.of(key)
    })
    expect(seen).toEqual([9, 9, 4, 2, 0, 0])
  })

  it('takes no harm from a clock that goes back', () => {
    const clock = fixedClock()
    const use = new RecentUse(clock, 1000)
    use.add(digest('jane'))
    clock.advance(-1_000_000)
    use.halve()
    expect(use.of(digest('jane'))).toBe(1)
  })

  it('tells hundreds of keys apart but for chance', () => {
    const use = new RecentUse(fixedClock(), 1000)
    const keyed = keyedDigest(sha256)
    for (let index = 0; index < 200; index++) use.add(keyed(`made up ${index}`))
    const shared = Array.from({ length: 1000 }, (_, index) => use.of(keyed(`other ${index}`)))
    expect(shared.filter((count) => count > 0).length).toBeLessThan(200)
  })
})

describe('what counts as one peer', () => {
  it.each([
    ['192.0.2.1', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['::FFFF:192.0.2.1', '192.0.2.1'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
    ['2001:DB8:1:2::9', '2001:db8:1:2'],
    ['2001:0db8:0001:0002::', '2001:db8:1:2'],
    ['2001:db8::1', '2001:db8:0:0'],
    ['::1', '0:0:0:0'],
    ['::', '0:0:0:0'],
    ['fe80::1%eth0', 'fe80:0:0:0'],
    ['1::2:3:4:5:6:7', '1:0:2:3'],
    ['', ''],
  ])('is, for %s, %s', (address, expected) => {
    expect(addressKey(address)).toBe(expected)
  })

  it.each(['not an address', ':::', '%', ':'.repeat(1000), '::ffff:', 'é::'])(
    'is something short, for %s',
    (address) => {
      expect(addressKey(address).length).toBeLessThanOrEqual(Math.max(address.length, 16))
    },
  )
})
