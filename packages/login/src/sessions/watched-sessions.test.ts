import { fixedClock } from '@kube-authn/testing'
import { expect, it, vi } from 'vitest'
import { watchedSessions } from './watched-sessions.ts'
import type { Session } from './session-keeper.ts'
import { contentOf } from '../../test/sessions.ts'

const session: Session = {
  id: 'id',
  digest: 'digest',
  content: contentOf('jane'),
  version: 0,
  startedAtMs: 0,
  endsAtMs: Infinity,
  seenAtMs: 0,
}

function setUp() {
  const clock = fixedClock()
  const isThere = vi.fn(async () => true)
  return { clock, isThere, open: watchedSessions(clock, isThere) }
}

it('asks once for a session in five seconds, however much it has begun, and no more afterwards', async () => {
  const { clock, isThere, open } = setUp()
  const stops = Array.from({ length: 100 }, () => open.watch(session, () => {}))
  await clock.advanceAsync(4999)
  expect(isThere).not.toHaveBeenCalled()
  await clock.advanceAsync(10_001)
  expect(isThere).toHaveBeenCalledTimes(3)
  for (const stop of stops) stop()
  expect(clock.pending).toBe(0)
})

it('tells the end that another replica has caused', async () => {
  const { clock, isThere, open } = setUp()
  const ended = vi.fn()
  open.watch(session, ended)
  await clock.advanceAsync(60_000)
  isThere.mockResolvedValue(false)
  await clock.advanceAsync(4999)
  expect(ended).not.toHaveBeenCalled()
  await clock.advanceAsync(1)
  expect(ended).toHaveBeenCalledOnce()
  expect(clock.pending).toBe(0)
})

it.each([
  ['fails', () => Promise.reject(new Error('down'))],
  ['does not answer', () => new Promise<boolean>(() => {})],
])('waits for 30 seconds while the store %s, and then counts a session as ended', async (_, answer) => {
  const { clock, isThere, open } = setUp()
  const ended = vi.fn()
  open.watch(session, ended)
  await clock.advanceAsync(5000)
  isThere.mockImplementation(answer)
  await clock.advanceAsync(25_000)
  expect(ended).not.toHaveBeenCalled()
  await clock.advanceAsync(5000)
  expect(ended).toHaveBeenCalledOnce()
  expect(clock.pending).toBe(0)
})

it('goes on if the store comes back before, again and again', async () => {
  const { clock, isThere, open } = setUp()
  const ended = vi.fn()
  open.watch(session, ended)
  for (let round = 0; round < 3; round++) {
    isThere.mockRejectedValue(new Error('down'))
    await clock.advanceAsync(20_000)
    isThere.mockResolvedValue(true)
    await clock.advanceAsync(5000)
  }
  expect(ended).not.toHaveBeenCalled()
})

it('goes on if the clock was set by a year', async () => {
  const { clock, isThere, open } = setUp()
  const ended = vi.fn()
  open.watch(session, ended)
  await clock.advanceAsync(5000)
  vi.spyOn(clock, 'now').mockReturnValue(clock.now() + 31_536_000_000)
  await clock.advanceAsync(5000)
  expect(isThere).toHaveBeenCalledTimes(2)
  expect(ended).not.toHaveBeenCalled()
})

it('does not ask again while it waits for an answer', async () => {
  const { clock, isThere, open } = setUp()
  open.watch(session, () => {})
  isThere.mockReturnValue(new Promise(() => {}))
  await clock.advanceAsync(25_000)
  expect(isThere).toHaveBeenCalledOnce()
})

it('tells only those who wait, and each of them once', async () => {
  const { clock, open } = setUp()
  const [stopped, twice, other] = [vi.fn(), vi.fn(), vi.fn()]
  const stop = open.watch(session, stopped)
  open.watch(session, () => {
    throw new Error('of the app')
  })
  open.watch(session, twice)
  open.watch(session, twice)
  const stopOther = open.watch({ ...session, digest: 'other' }, other)
  stop()
  stop()
  open.ended(session.digest)
  open.ended(session.digest)
  expect([stopped, twice, other].map(({ mock }) => mock.calls.length)).toEqual([0, 2, 0])
  stopOther()
  expect(clock.pending).toBe(0)
})

it('a watch that begins while an earlier one is asked about is told nothing of the earlier one', async () => {
  const { clock, isThere, open } = setUp()
  let answer: (is: boolean) => void = () => {}
  isThere.mockReturnValueOnce(new Promise((resolve) => (answer = resolve)))
  const [earlier, later] = [vi.fn(), vi.fn()]
  const stop = open.watch(session, earlier)
  await clock.advanceAsync(5000)
  stop()
  open.watch(session, later)
  answer(false)
  await clock.advanceAsync(4999)
  expect([earlier, later].map(({ mock }) => mock.calls.length)).toEqual([0, 0])
  isThere.mockResolvedValue(false)
  await clock.advanceAsync(1)
  expect(later).toHaveBeenCalledOnce()
})
