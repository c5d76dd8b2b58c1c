import { expect, it } from 'vitest'
import { fixedClock } from '@kube-authn/testing'
import { channels } from './channels.ts'
import { type Past, watch } from './watcher.ts'

/** A watch of an engine whose changes are elsewhere, with the first event that it waits for. */
function waiting(past: Past, isCurrent: () => boolean) {
  const clock = fixedClock()
  const { join, leave } = channels()
  const watched = {
    past: () => past,
    isCurrent,
    revision: () => 7,
    clock,
    turns: { run: (step: () => void) => step(), flush: () => undefined },
    join,
    leave,
  }
  const events = watch(() => watched, '/', { since: 0, progressMs: 1000 }, 7)[Symbol.asyncIterator]()
  const seen: unknown[] = []
  void events.next().then(({ value }) => seen.push(value))
  const after = async (ms: number): Promise<readonly unknown[]> => {
    await clock.advanceAsync(ms)
    return [...seen]
  }
  return { after, end: () => events.return?.() }
}

const progress = [{ type: 'progress', revision: 7 }]

it('a watch tells of no progress while changes of the past are fetched', async () => {
  let arrive = (): void => undefined
  let fetched: Promise<void> | undefined
  const past: Past = () => {
    if (fetched !== undefined) return undefined
    return (fetched = new Promise((resolve) => (arrive = resolve)))
  }
  const { after, end } = waiting(past, () => true)
  expect(await after(5000)).toEqual([])
  arrive()
  expect(await after(0)).toEqual(progress)
  await end()
})

it('a watch tells of no progress while its engine is out of reach, and of it in time after that', async () => {
  let isCurrent = false
  const { after, end } = waiting(
    () => undefined,
    () => isCurrent,
  )
  expect(await after(1500)).toEqual([])
  isCurrent = true
  expect(await after(499)).toEqual([])
  expect(await after(1)).toEqual(progress)
  await end()
})
