import { expect, it } from 'vitest'
import { simulate } from './simulation.ts'

const SEEDS = [1, 2, 3, 4]

it('no invariant is violated, although everything that can happen does', async () => {
  const counts = new Map<string, number>()
  for (const seed of SEEDS) {
    const { violation, counts: found } = await simulate({ seed, minutes: 15 })
    expect({ seed, violation }).toEqual({ seed, violation: undefined })
    for (const [name, count] of found) counts.set(name, (counts.get(name) ?? 0) + count)
  }
  const writes = ['create', 'update', 'patch', 'delete'].flatMap((verb) =>
    ['done', 'refused', 'unknown'].map((outcome) => `${verb} ${outcome}`),
  )
  const requests = ['accepted', 'revoked', 'unavailable'].map((outcome) => `request ${outcome}`)
  const others = ['read', 'list', 'event', 'fault', 'connection ended', 'log out done', 'watch 410']
  expect([...writes, ...requests, ...others].filter((name) => (counts.get(name) ?? 0) < 3)).toEqual([])
})

it('a seed is the same run each time, and another one is another run', async () => {
  const storyOf = async (seed: number): Promise<readonly string[]> => {
    const lines: string[] = []
    await simulate({ seed, minutes: 5, tell: (line) => void lines.push(line) })
    return lines
  }
  const story = await storyOf(1)
  expect(story.length).toBeGreaterThan(100)
  expect(await storyOf(1)).toEqual(story)
  expect(await storyOf(2)).not.toEqual(story)
})

it('the timers and clocks of the process are put back', async () => {
  const found = (): readonly unknown[] => [setTimeout, setImmediate, crypto.randomUUID, crypto.subtle.digest]
  const before = found()
  await simulate({ seed: 1, minutes: 1 })
  expect(found()).toEqual(before)
  expect(Object.hasOwn(performance, 'now')).toBe(false)
})
