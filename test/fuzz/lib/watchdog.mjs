// Ends the process if a case hangs.
import { workerData } from 'node:worker_threads'

const { progress, names, seed } = workerData
const MAX_SECONDS = 120
let last = -1
let seconds = 0
setInterval(() => {
  const index = Atomics.load(progress, 1)
  seconds = index === last ? seconds + 1 : 0
  last = index
  if (seconds < MAX_SECONDS) return
  process.stdout.write(`FAILED  ${names[progress[0]]} --seed ${seed} --only ${index}: does not end\n`)
  process.exit(1)
}, 1000)
