// The timing loop. Times are microseconds for each operation.

const IN_FLIGHT = 50

/**
 * Runs an operation `count` times, with up to `inFlight` of them in progress.
 *
 * @param turns whether the event loop turns while operations are in progress.
 */
function repeat(operation, count, inFlight = IN_FLIGHT, turns = true) {
  return new Promise((resolve) => {
    let begun = 0
    let ended = 0
    let isBeginning = false
    const onEnd = () => {
      ended++
      if (ended === count) resolve()
      else if (!isBeginning) begin()
    }
    let inARow = 0
    const begin = () => {
      isBeginning = true
      while (begun < count && begun - ended < inFlight) {
        // As on a server, the event loop turns after this many: before that, nothing deferred to the next tick is done or freed.
        if (++inARow > IN_FLIGHT && (turns || begun === ended)) {
          setImmediate(beginAnew)
          return
        }
        begun++
        operation(onEnd)
      }
      isBeginning = false
    }
    const beginAnew = () => {
      inARow = 0
      begin()
    }
    begin()
  })
}

/**
 * Three operations in sequence: the first may find nothing loaded or cached.
 *
 * @throws {Error} if one has another status.
 */
export async function expectStatus(operation, status) {
  for (let request = 0; request < 3; request++) {
    const answered = await new Promise((resolve) => {
      operation(resolve)
    })
    if (answered !== status) throw new Error(`answered ${answered} instead of ${status}`)
  }
}

export function median(values) {
  const sorted = values.toSorted((a, b) => a - b)
  return (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2
}

/** Wall and CPU time of one operation, after a warm-up: ten samples of about 60 ms. */
export async function time(
  operation,
  { inFlight = IN_FLIGHT, samples = 10, sampleMs = 60, warmUpMs = 800 } = {},
) {
  let count = 8
  let msEach = 0
  const until = performance.now() + warmUpMs
  while (performance.now() < until) {
    const start = performance.now()
    await repeat(operation, count, inFlight)
    const taken = performance.now() - start
    msEach = taken / count
    if (taken < 20) count *= 2
  }
  const perSample = Math.max(inFlight, Math.min(2_000_000, Math.ceil(sampleMs / msEach)))
  const wall = []
  const cpu = []
  for (let sample = 0; sample < samples; sample++) {
    const before = process.cpuUsage()
    const start = performance.now()
    await repeat(operation, perSample, inFlight)
    wall.push(((performance.now() - start) * 1000) / perSample)
    const used = process.cpuUsage(before)
    cpu.push((used.user + used.system) / perSample)
  }
  return { wall, cpu }
}

/**
 * Bytes that an operation allocates on the heap of V8. Needs `--expose-gc` and a young generation that holds what a sample allocates
 * (`--max-semi-space-size`), so that nothing is collected meanwhile. The least of the samples: others include what V8 allocates once.
 */
export async function allocatedBytes(operation, { count = 2000, samples = 7 } = {}) {
  await repeat(operation, count * 5, IN_FLIGHT, false)
  const bytes = []
  for (let sample = 0; sample < samples; sample++) {
    globalThis.gc()
    const before = process.memoryUsage().heapUsed
    // V8 collects garbage while the event loop turns.
    await repeat(operation, count, IN_FLIGHT, false)
    bytes.push((process.memoryUsage().heapUsed - before) / count)
  }
  return Math.min(...bytes)
}
