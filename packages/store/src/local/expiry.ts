/** When keys expire: at most one time for each. */
export interface Expirations {
  /** @param timeMs `undefined` if it does not expire. */
  set(key: string, timeMs: number | undefined): void
  /** The time of the next one; `undefined` if nothing expires. */
  next(): number | undefined
  /** The keys that expire at this time or before, the earliest first. They stay until they are set again. */
  dueAt(timeMs: number): readonly string[]
}

interface Entry {
  readonly key: string
  readonly timeMs: number
}

/** A binary heap in which an entry that no longer counts stays until it comes up, or until such entries are the majority. */
export function expirations(): Expirations {
  const times = new Map<string, number>()
  let heap: Entry[] = []

  const isCurrent = ({ key, timeMs }: Entry): boolean => times.get(key) === timeMs

  const first = (): Entry | undefined => {
    for (let entry = heap[0]; entry !== undefined; entry = heap[0]) {
      if (isCurrent(entry)) return entry
      removeFirst(heap)
    }
    return undefined
  }

  return {
    set(key, timeMs) {
      if (timeMs === undefined) times.delete(key)
      else if (times.get(key) !== timeMs) {
        times.set(key, timeMs)
        add(heap, { key, timeMs })
      }
      if (heap.length > 2 * times.size + SPARE) {
        heap = Array.from(times, ([each, time]) => ({ key: each, timeMs: time })).toSorted(
          (a, b) => a.timeMs - b.timeMs,
        )
      }
    },
    next: () => first()?.timeMs,
    dueAt(timeMs) {
      const due: Entry[] = []
      for (let entry = first(); entry !== undefined && entry.timeMs <= timeMs; entry = first()) {
        due.push(entry)
        removeFirst(heap)
      }
      for (const entry of due) add(heap, entry)
      return [...new Set(due.map(({ key }) => key))]
    },
  }
}

const SPARE = 64

function add(heap: Entry[], entry: Entry): void {
  heap.push(entry)
  let index = heap.length - 1
  while (index > 0) {
    const above = (index - 1) >> 1
    const parent = heap[above]
    if (parent === undefined || parent.timeMs <= entry.timeMs) break
    heap[index] = parent
    index = above
  }
  heap[index] = entry
}

function removeFirst(heap: Entry[]): void {
  const last = heap.pop()
  if (last === undefined || heap.length === 0) return
  let index = 0
  for (;;) {
    const left = 2 * index + 1
    const right = left + 1
    const isRight = (heap[right]?.timeMs ?? Infinity) < (heap[left]?.timeMs ?? Infinity)
    const below = isRight ? right : left
    const child = heap[below]
    if (child === undefined || child.timeMs >= last.timeMs) break
    heap[index] = child
    index = below
  }
  heap[index] = last
}
