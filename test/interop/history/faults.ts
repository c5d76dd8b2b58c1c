import { setTimeout as pause } from 'node:timers/promises'
import type { Network } from './network.ts'
import type { Random } from '../../simulation/src/random.ts'
import type { Replica } from './replica.ts'

/** An engine that can be killed. */
export interface Killable {
  kill(): Promise<void>
  start(): Promise<void>
}

/** A replica, and its way to the engine. */
export interface Placed {
  readonly replica: Replica
  /** `undefined` if there is none between them. */
  readonly network: Network | undefined
}

/** Options of {@link injectFaults}. */
export interface FaultOptions {
  readonly engine: Killable
  readonly replicas: readonly Placed[]
  readonly random: Random
  readonly signal: AbortSignal
}

type Fault = (options: FaultOptions, at: Placed, durationMs: number) => Promise<void>

const FAULTS: Readonly<Record<string, Fault>> = {
  async engineKilled({ engine }, _, durationMs) {
    await engine.kill()
    // Its own processes end a little later.
    await pause(400 + durationMs / 3)
    await engine.start()
  },
  async replicaStopped(_, { replica }, durationMs) {
    replica.signal('SIGSTOP')
    await pause(durationMs)
    replica.signal('SIGCONT')
  },
  async replicaKilled(_, { replica }, durationMs) {
    await replica.kill()
    await pause(durationMs / 3)
    await replica.start()
  },
  async connectionsCut(_, { network }) {
    network?.cut()
  },
  async networkSilent(_, { network }, durationMs) {
    network?.silence()
    await pause(durationMs)
    network?.mend()
  },
}

/** One fault after the other, and sometimes two at once, until the signal aborts; then all is healed. Returns how many of each there were. */
export async function injectFaults(options: FaultOptions): Promise<ReadonlyMap<string, number>> {
  const { replicas, random, signal } = options
  const counts = new Map<string, number>()
  const inject = async (name: string, at: Placed): Promise<void> => {
    counts.set(name, (counts.get(name) ?? 0) + 1)
    await FAULTS[name]?.(options, at, 300 + random.below(3500))
  }
  // A file is reached without a network, and its engine ends with its replica.
  const isFile = replicas.every(({ network }) => network === undefined)
  const names = Object.keys(FAULTS).filter((name) => !isFile || name.startsWith('replica'))
  // In turn, so that a short run has most of them.
  for (let turn = random.below(names.length); !signal.aborted; turn++) {
    await pause(300 + random.below(1200))
    const at = random.pick(replicas)
    const others = replicas.filter((each) => each !== at)
    const first = inject(names[turn % names.length] ?? '', at)
    const isTwice = random.chance(0.3) && others.length > 0
    const second = isTwice ? inject(random.pick(names.slice(1)), random.pick(others)) : undefined
    await Promise.all([first, second])
  }
  return counts
}
