import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect } from 'vitest'
import { cpuSecondsOf, cpuSecondsUntil } from './cpu-seconds.ts'

/** So many times as long is the longer input: work that grows with the square of the length takes 256 times as much. */
const TIMES = 16

/** What grows with the length takes `TIMES` as much; compilation, collections and the logarithm of a sort are allowed for. */
const LINEAR = TIMES * 5

/** Less CPU time than this is not compared: it says nothing. */
const LEAST_SECONDS = 0.002

/** Prepares input of a length, and returns the work that is to be measured. */
type Prepare<T> = (length: number) => () => T

/** Expects work to take CPU time that grows no faster than the length of the input. @param length a sixteenth of the longest input. */
export function expectLinearWork(length: number, prepare: Prepare<unknown>): void {
  const [short, long] = [prepare(length), prepare(length * TIMES)]
  const least = Math.min(...Array.from({ length: 3 }, () => cpuSecondsOf(short)))
  let ratio = Infinity
  // A collection of garbage may be in one of them.
  for (let round = 0; round < 3 && ratio >= LINEAR; round++) {
    ratio = cpuSecondsOf(long) / Math.max(least, LEAST_SECONDS)
  }
  expect(ratio).toBeLessThan(LINEAR)
}

/** The same for asynchronous work, while nothing else runs on this thread. */
export async function expectLinearWorkUntil(
  length: number,
  prepare: Prepare<Promise<unknown>>,
): Promise<void> {
  const [short, long] = [prepare(length), prepare(length * TIMES)]
  const least = Math.min(await cpuSecondsUntil(short), await cpuSecondsUntil(short))
  const most = await cpuSecondsUntil(long)
  expect(most / Math.max(least, LEAST_SECONDS)).toBeLessThan(LINEAR)
}

/** Expects what is kept to take at most so many bytes of the heap for each byte of the input. */
export function expectBytesKept<T>(maxForEachByte: number, input: T, keep: (input: T) => unknown): void {
  const before = liveBytes()
  const kept = keep(input)
  const bytes = liveBytes() - before
  expect(kept).toBeDefined()
  expect(bytes / JSON.stringify(input).length).toBeLessThan(maxForEachByte)
}

function liveBytes(): number {
  collect()
  collect()
  return process.memoryUsage().heapUsed
}

function collect(): void {
  setFlagsFromString('--expose-gc')
  runInNewContext('gc()')
}
