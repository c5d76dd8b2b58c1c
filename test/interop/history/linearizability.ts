/** What one object does, as if there were one client. `S` is immutable. */
export interface Model<S, O> {
  readonly initial: S
  /** The state after the operation; `undefined` if it cannot have had this outcome in that state. */
  step(state: S, operation: O): S | undefined
  /** Two states with the same name are the same. */
  nameOf(state: S): string
}

/** An operation at some time. */
export interface Timed<O> {
  readonly operation: O
  readonly begin: number
  /** `undefined`: it may take effect at any time after `begin`, or never. */
  readonly end: number | undefined
}

/** `linearizable`, or the operation that could not be explained, in the longest order that was found. */
export type Verdict<O> =
  | { readonly isLinearizable: true }
  | { readonly isLinearizable: false; readonly stuck: O; readonly explained: readonly O[] }

interface Entry<O> {
  readonly index: number
  readonly operation: O
  /** For a beginning: its end, if it is known. For an end: `undefined`. */
  readonly ending: Entry<O> | undefined
  readonly isBeginning: boolean
  before: Entry<O> | undefined
  after: Entry<O> | undefined
}

/**
 * Whether there is an order of the operations in which each has its outcome, and in which none comes before one that had ended when it began.
 *
 * Every order is tried, in the worst case; an order of the same operations that leads to the same state is tried once only.
 *
 * Source: Wing and Gong, "Testing and Verifying Concurrent Objects" (1993); Lowe, "Testing for linearizability" (2017).
 */
export function checkLinearizability<S, O>(operations: readonly Timed<O>[], model: Model<S, O>): Verdict<O> {
  const head = linked(operations)
  const done = new Uint8Array(Math.ceil(operations.length / 8))
  const tried = new Set<string>()
  const order: { readonly entry: Entry<O>; readonly before: S }[] = []
  let state = model.initial
  let longest: readonly O[] = []
  let stuck: O | undefined
  let entry = head.after

  // Beyond the last end, only operations with an unknown outcome are left, which need not have had an effect.
  while (entry !== undefined) {
    if (!entry.isBeginning) {
      if (stuck === undefined || order.length > longest.length) {
        longest = order.map(({ entry: each }) => each.operation)
        stuck = entry.operation
      }
      const last = order.pop()
      if (last === undefined) return { isLinearizable: false, stuck, explained: longest }
      state = last.before
      flip(done, last.entry.index)
      putBack(last.entry)
      entry = last.entry.after
      continue
    }
    const next = model.step(state, entry.operation)
    if (next !== undefined && isNew(entry.index, model.nameOf(next))) {
      order.push({ entry, before: state })
      state = next
      takeOut(entry)
      entry = head.after
    } else entry = entry.after
  }
  return { isLinearizable: true }

  function isNew(index: number, name: string): boolean {
    flip(done, index)
    const size = tried.size
    tried.add(`${String.fromCharCode(...done)} ${name}`)
    if (tried.size > size) return true
    flip(done, index)
    return false
  }
}

function flip(bits: Uint8Array, index: number): void {
  const at = index >> 3
  bits[at] = (bits[at] ?? 0) ^ (1 << (index & 7))
}

/** The beginnings and ends in the order of time, after a first entry that is neither. */
function linked<O>(operations: readonly Timed<O>[]): { after: Entry<O> | undefined } {
  const timed = operations.flatMap(({ operation, begin, end }, index) => {
    const parts = { index, operation, before: undefined, after: undefined }
    const ending: Entry<O> | undefined =
      end === undefined ? undefined : { ...parts, ending: undefined, isBeginning: false }
    const beginning: Entry<O> = { ...parts, ending, isBeginning: true }
    return [
      { at: begin, entry: beginning },
      ...(ending === undefined || end === undefined ? [] : [{ at: end, entry: ending }]),
    ]
  })
  const entries = timed.toSorted((one, other) => one.at - other.at).map(({ entry }) => entry)
  // The first entry, which is never taken out, so that every other has one before it.
  const [first] = entries
  if (first === undefined) return { after: undefined }
  const head: Entry<O> = { ...first, isBeginning: true, ending: undefined, before: undefined, after: first }
  let last = head
  for (const entry of entries) {
    entry.before = last
    last.after = entry
    last = entry
  }
  return head
}

function takeOut<O>(entry: Entry<O>): void {
  for (const each of [entry, entry.ending]) {
    if (each === undefined) continue
    if (each.before !== undefined) each.before.after = each.after
    if (each.after !== undefined) each.after.before = each.before
  }
}

/** In the opposite order, so that each finds its neighbours as they were. */
function putBack<O>(entry: Entry<O>): void {
  for (const each of [entry.ending, entry]) {
    if (each === undefined) continue
    if (each.before !== undefined) each.before.after = each
    if (each.after !== undefined) each.after.before = each
  }
}
