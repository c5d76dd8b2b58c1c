import { afterAll, afterEach, beforeAll } from 'vitest'

/*
 * A test that prints fails: it captures what it wants printed, and asserts it.
 *
 * Warnings of the process are not printed, and fail nothing: our notices and most of Node's are said once to a process, so the order of the files would decide which test it
 * is. A test that wants one spies on `process.emitWarning`, or has a log of its own.
 */

const KEY = Symbol.for('kube-authn: printed by tests')
const ofProcess = globalThis as { [KEY]?: string[] }
const isFirstFile = ofProcess[KEY] === undefined
/** Test files of one worker share it, but each of them runs this module again. */
const printed = ofProcess[KEY] ?? []
ofProcess[KEY] = printed

if (isFirstFile) {
  // Node's own, which prints.
  process.removeAllListeners('warning')
  for (const stream of [process.stdout, process.stderr]) {
    const write = stream.write.bind(stream)
    stream.write = (chunk: string | Uint8Array, ...rest: never[]) => {
      printed.push(typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString())
      return write(chunk, ...rest)
    }
  }
}

function check(whose = 'a test'): void {
  const text = printed.splice(0).join('')
  if (text !== '') throw new Error(`${whose} must capture what it prints: ${text.slice(0, 2000)}`)
}

beforeAll(() => check('an earlier file of this worker'))
afterEach(() => check())
afterAll(() => check())
