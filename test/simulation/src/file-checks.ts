import type { Process, Replica } from './replica.ts'
import type { World } from './world.ts'

/** The files of a machine that change together. */
export type FileKind = 'tokens' | 'roles'

/** A version that is whole and valid. */
interface Version {
  readonly number: number
  readonly atMs: number
}

/** Compares what processes take from files with what was written. */
export interface FileChecks {
  /** The number of the next version. */
  next(replica: Replica, kind: FileKind): number
  /** A version was written to its end. */
  written(replica: Replica, kind: FileKind, number: number): void
  /** What is there is no version, until one is written. */
  broken(replica: Replica, kind: FileKind): void
  /** A file is empty, or one of a folder is missing, until the function that is returned is called. Only a process that begins meanwhile takes that for the content. */
  emptied(replica: Replica, kind: FileKind): () => void
  beganEmpty(replica: Replica, process: Process, kind: FileKind): boolean
  /** Which versions may be in force in a process. */
  possible(replica: Replica, process: Process, kind: FileKind): readonly number[]
  /** A process has decided by a version. */
  decided(replica: Replica, process: Process, kind: FileKind, number: number): void
}

/** How late a version may take effect: what nothing tells of is looked for every 60 seconds. */
const BOUND_MS = 61_500
/** The same where a process is told of changes. */
const TOLD_MS = 1000
/** How long something was so, surely: what is told may be as late. */
const SETTLED_MS = 25_000

/** How long a version may count for what stood still. */
const KEPT_MS = 1_000_000

/** Nothing is written. */
export function fileChecks({ time, violated, count }: World): FileChecks {
  const versions = new Map<string, Version[]>()
  const last = new WeakMap<Process, Map<FileKind, number>>()
  const empty = new Map<string, { fromMs: number; toMs: number }>()
  /** When there was last something else than a version. */
  const brokenMs = new Map<string, number>()
  const of = (replica: Replica, kind: FileKind): Version[] => {
    const name = `${replica.name} ${kind}`
    const found = versions.get(name) ?? []
    versions.set(name, found)
    return found
  }
  const boundOf = (replica: Replica, process: Process): number => {
    const sinceMs = Math.max(replica.disk.toldSinceMs, process.stillUntilMs)
    return time.nowMs - sinceMs > SETTLED_MS + BOUND_MS ? TOLD_MS : BOUND_MS
  }
  const possible: FileChecks['possible'] = (replica, process, kind) => {
    const all = of(replica, kind)
    const boundMs = boundOf(replica, process)
    return all
      .filter((_, index) => {
        const goneMs = all[index + 1]?.atMs ?? Infinity
        const sinceMs = Math.max(goneMs, process.stillUntilMs, brokenMs.get(`${replica.name} ${kind}`) ?? 0)
        return sinceMs > time.nowMs - boundMs
      })
      .map(({ number }) => number)
  }
  return {
    next: (replica, kind) => (of(replica, kind).at(-1)?.number ?? 0) + 1,
    written(replica, kind, number) {
      const all = of(replica, kind)
      const place = `${replica.name} ${kind}`
      if (brokenMs.get(place) === Infinity) brokenMs.set(place, time.nowMs)
      all.push({ number, atMs: time.nowMs })
      while ((all[1]?.atMs ?? Infinity) < time.nowMs - KEPT_MS) all.shift()
    },
    broken: (replica, kind) => void brokenMs.set(`${replica.name} ${kind}`, Infinity),
    emptied(replica, kind) {
      const spell = { fromMs: time.nowMs, toMs: Infinity }
      empty.set(`${replica.name} ${kind}`, spell)
      return () => void (spell.toMs = time.nowMs)
    },
    beganEmpty({ name }, { startedMs }, kind) {
      const { fromMs, toMs } = empty.get(`${name} ${kind}`) ?? { fromMs: Infinity, toMs: 0 }
      return startedMs >= fromMs && startedMs <= toMs
    },
    possible,
    decided(replica, process, kind, number) {
      count(`file ${kind}`)
      const known = last.get(process) ?? new Map<FileKind, number>()
      last.set(process, known)
      const before = known.get(kind) ?? 0
      known.set(kind, number)
      const all = possible(replica, process, kind)
      const what = `version ${number} of the ${kind} counts at ${replica.name}`
      if (!all.includes(number)) violated('files', `${what}, and one of ${all.join()} should`)
      if (number < before) violated('files', `${what} after ${before}`)
    },
  }
}
