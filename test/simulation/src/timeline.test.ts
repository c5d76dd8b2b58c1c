import { expect, it } from 'vitest'
import { type Owner, timeline } from './timeline.ts'

const owner = (): Owner => ({
  name: 'r1',
  isOver: false,
  stillUntilMs: 0,
  planned: 0,
  wallMs: () => 0,
  elapsedMs: () => 0,
})
const never = (): boolean => false

it('takes steps by time, and those of the same time in the order in which they were planned', async () => {
  const time = timeline(0)
  const taken: number[] = []
  const delays = Array.from({ length: 200 }, (_, index) => (index * 7919) % 50)
  for (const delay of delays) time.after(delay, () => void taken.push(time.nowMs))
  await time.run(24, never)
  expect(time.nowMs).toBe(24)
  await time.run(100, never)
  expect(taken).toEqual(delays.toSorted((one, other) => one - other))
})

it('settles what a step began before the next one', async () => {
  const time = timeline(0)
  const lines: string[] = []
  time.after(1, () => {
    const later = async (): Promise<void> => {
      for (let index = 0; index < 50; index++) await Promise.resolve()
      lines.push('first')
    }
    void later()
  })
  time.after(1, () => void lines.push('second'))
  await time.run(1, never)
  expect(lines).toEqual(['first', 'second'])
})

it('holds back the steps of a process that stands still, and drops those of one that is over', async () => {
  const time = timeline(0)
  const [still, over] = [owner(), owner()]
  const lines: string[] = []
  time.after(5, () => void lines.push(`still at ${time.nowMs}`), still)
  time.after(5, () => void lines.push(`over at ${time.nowMs}`), over)
  const cancel = time.after(5, () => void lines.push('cancelled'), still)
  cancel()
  cancel()
  still.stillUntilMs = 30
  over.isOver = true
  await time.run(29, never)
  expect([lines, still.planned]).toEqual([[], 1])
  await time.run(30, never)
  expect([lines, still.planned, over.planned]).toEqual([['still at 30'], 0, 0])
})

it('ends as soon as it is enough', async () => {
  const time = timeline(0)
  for (const delay of [1, 2, 3]) time.after(delay, () => {})
  await time.run(10, () => time.nowMs === 2)
  expect([time.nowMs, time.steps]).toEqual([2, 2])
})
