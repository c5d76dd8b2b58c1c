import { expect, it } from 'vitest'
import { output, simulateCommand } from './command.ts'

const SEEDS = [1, 2, 3, 4]

it('no invariant is violated, although everything that can happen does', async () => {
  const stories = await Promise.all(
    SEEDS.map((seed) => simulateCommand('--seed', String(seed), '--minutes', '15')),
  )
  const counts = new Map<string, number>()
  for (const story of stories) {
    const [sums = '', closing] = story.trimEnd().split('\n').slice(-2)
    expect([story.split('\n').filter((line) => line.includes('violated')), closing]).toEqual([
      [],
      '1 passed, 0 failed',
    ])
    for (const [, name = '', count] of sums.matchAll(/([^,:]+): (\d+)/g))
      counts.set(name.trim(), (counts.get(name.trim()) ?? 0) + Number(count))
  }
  const writes = ['create', 'update', 'patch', 'delete'].flatMap((verb) =>
    ['done', 'refused', 'unknown'].map((outcome) => `${verb} ${outcome}`),
  )
  const requests = ['accepted', 'revoked', 'unavailable'].map((outcome) => `request ${outcome}`)
  const copies = ['role allow', 'role noOpinion', 'account there', 'account absent', 'calm second']
  const sessions = ['log-in', 'use', 'refresh', 'log-out', 'log-out-everywhere'].map(
    (each) => `session ${each} done`,
  )
  const apps = ['token accepted', 'token refused', 'token unavailable', 'file tokens', 'file roles']
  const others = ['read', 'list', 'event', 'fault', 'connection ended', 'log out done', 'watch 410']
  const all = [...writes, ...requests, ...copies, ...sessions, ...apps, ...others]
  expect(all.filter((name) => (counts.get(name) ?? 0) < 3)).toEqual([])
})

it('a seed is the same run each time, and another one is another run', async () => {
  const storyOf = (seed: string): Promise<string> => simulateCommand('--seed', seed, '--minutes', '5')
  const [story, again, other] = await Promise.all(['1', '1', '2'].map(storyOf))
  expect(story?.length).toBeGreaterThan(10_000)
  expect(again).toBe(story)
  expect(other).not.toBe(story)
})

/** In a process of its own: a test runner reads clocks and starts timers, too. */
const PUT_BACK = `
  const { simulate } = await import('./simulation.js')
  const found = () => [setTimeout, setImmediate, crypto.randomUUID, crypto.getRandomValues, crypto.subtle.digest, crypto.subtle.encrypt]
  const before = found()
  await simulate({ seed: 1, minutes: 1 })
  const isSame = found().every((each, index) => each === before[index])
  console.log(isSame && !Object.hasOwn(performance, 'now') ? 'put back' : 'changed')
`

it('the timers, clocks and randomness of the process are put back', async () => {
  expect(await output('--input-type=module', '--eval', PUT_BACK)).toBe('put back\n')
})
