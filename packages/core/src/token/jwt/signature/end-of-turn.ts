import { nodeBuiltin } from '../../../internal/node-builtin.ts'

/** The used part of `node:timers`. */
interface NodeTimers {
  setImmediate(this: void, callback: () => void): unknown
}

/** Taken when this is loaded: tests of an app may replace it by one that stands still. */
const setImmediate = takeSetImmediate()

// A call, which bundles for other runtimes can leave out.
function takeSetImmediate(): NodeTimers['setImmediate'] {
  return (nodeBuiltin('node:timers') as NodeTimers | undefined)?.setImmediate ?? queueMicrotask
}

/** Those who wait for the end of the current turn of the event loop. */
class Waiting {
  count = 0
  end = (): void => {}
  readonly ended = new Promise<void>((resolve) => {
    this.end = resolve
  })
}

/** More do not wait for each other: the first one would wait for more than some milliseconds. */
const MOST = 64

let waiting: Waiting | undefined

/**
 * Waits until the event loop has read what has arrived on all connections, or until 64 wait.
 *
 * What takes as long to decide as a signature is answered together with the others that arrived with it. A client or a proxy on the same machine is woken
 * by each answer that is written alone, which takes most of the time of a signature again (`docs/performance.md`).
 */
export function endOfTurn(): Promise<void> {
  waiting ??= begin()
  const { ended } = waiting
  if (++waiting.count === MOST) end(waiting)
  return ended
}

function begin(): Waiting {
  const begun = new Waiting()
  setImmediate(() => end(begun))
  return begun
}

function end(ending: Waiting): void {
  if (waiting === ending) waiting = undefined
  ending.end()
}
