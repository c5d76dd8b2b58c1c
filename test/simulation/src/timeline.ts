/** Something with a time of its own, whose events can be held back or dropped: a process of a replica. */
export interface Owner {
  readonly name: string
  /** When it is over, its events are dropped. */
  isOver: boolean
  /** Until then its process stands still: its events wait. */
  stillUntilMs: number
  /** How many of its events are planned. */
  planned: number
  /** What its clock says. */
  wallMs(): number
  /** What its monotonic time says. */
  elapsedMs(): number
}

interface Step {
  dueMs: number
  readonly order: number
  readonly owner: Owner | undefined
  readonly run: () => void
  isCancelled: boolean
}

/** Virtual time, and everything that is going to happen in it. */
export interface Timeline {
  /** The true time, in milliseconds since the epoch: that of the store. */
  readonly nowMs: number
  /** Whose step it is. */
  readonly current: Owner | undefined
  readonly steps: number
  /** Plans a step. Steps of the same time are taken in the order in which they were planned. Returns a function that cancels it. */
  after(delayMs: number, run: () => void, owner?: Owner): () => void
  /** The step ends after this work, which another thread does. */
  hold(work: Promise<unknown>): void
  /** Takes all steps up to a time. @param isEnough asked after each step, once all promises are settled that can be. */
  run(untilMs: number, isEnough: () => boolean): Promise<void>
}

const nextTurn = setImmediate

/** All promises that can be settled are, when the next turn of the event loop begins. */
const settled = (): Promise<void> => new Promise((resolve) => void nextTurn(resolve))

/** Nothing is planned yet. */
export function timeline(startMs: number): Timeline {
  const planned = stepQueue()
  let nowMs = startMs
  let current: Owner | undefined
  let order = 0
  let steps = 0
  const held = new Set<Promise<unknown>>()

  const end = async (): Promise<void> => {
    await settled()
    while (held.size > 0) {
      await Promise.allSettled(held)
      await settled()
    }
  }
  const drop = (step: Step): void => {
    if (step.isCancelled) return
    step.isCancelled = true
    if (step.owner !== undefined) step.owner.planned--
  }

  return {
    get nowMs() {
      return nowMs
    },
    get current() {
      return current
    },
    get steps() {
      return steps
    },
    after(delayMs, run, owner) {
      const dueMs = nowMs + Math.max(0, Math.ceil(delayMs))
      const step = { dueMs, order: ++order, owner, run, isCancelled: false }
      if (owner !== undefined) owner.planned++
      planned.add(step)
      return () => drop(step)
    },
    hold(work) {
      held.add(work)
      const release = (): void => void held.delete(work)
      work.then(release, release)
    },
    async run(untilMs, isEnough) {
      for (;;) {
        const step = planned.first()
        if (step === undefined || step.dueMs > untilMs) break
        planned.removeFirst()
        if (step.isCancelled) continue
        const { owner } = step
        if (owner !== undefined && !owner.isOver && owner.stillUntilMs > step.dueMs) {
          step.dueMs = owner.stillUntilMs
          planned.add(step)
          continue
        }
        drop(step)
        if (owner?.isOver === true) continue
        nowMs = step.dueMs
        current = owner
        steps++
        step.run()
        await end()
        current = undefined
        if (isEnough()) return
      }
      nowMs = untilMs
    },
  }
}

/** Steps by time: a binary heap. */
function stepQueue() {
  const heap: Step[] = []
  const isBefore = (one: Step, other: Step): boolean =>
    one.dueMs < other.dueMs || (one.dueMs === other.dueMs && one.order < other.order)
  /** Moves what is at an index to where it belongs. @param next the index that it is compared with next. */
  const sift = (step: Step, from: number, next: (index: number) => number): void => {
    let index = from
    for (;;) {
      const other = next(index)
      const there = heap[other]
      if (there === undefined) break
      if (other < index ? !isBefore(step, there) : !isBefore(there, step)) break
      heap[index] = there
      index = other
    }
    heap[index] = step
  }
  const parent = (index: number): number => (index === 0 ? -1 : (index - 1) >> 1)
  const child = (index: number): number => {
    const [left, right] = [heap[2 * index + 1], heap[2 * index + 2]]
    return left !== undefined && right !== undefined && isBefore(right, left) ? 2 * index + 2 : 2 * index + 1
  }
  return {
    first: (): Step | undefined => heap[0],
    add(step: Step): void {
      heap.push(step)
      sift(step, heap.length - 1, parent)
    },
    removeFirst(): void {
      const last = heap.pop()
      if (last === undefined || heap.length === 0) return
      heap[0] = last
      sift(last, 0, child)
    },
  }
}
