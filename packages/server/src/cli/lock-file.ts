import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { setTimeout } from 'node:timers/promises'
import { codeOf, Failure } from './failure.ts'

const RETRY_MS = 100

/**
 * Runs `work` while no other process does, by a lock file with the number of the process. The lock of a process that has ended does not count.
 *
 * @param what names the work in messages, as in `login`.
 * @throws {Failure} if the signal aborts while another process works.
 */
export async function alone<T>(
  path: string,
  what: string,
  signal: AbortSignal,
  work: () => Promise<T>,
): Promise<T> {
  while (!takes(path, String(process.pid), (code) => `${path}: cannot be written (${code})`)) {
    removeIfAbandoned(path)
    if (signal.aborted) {
      throw new Failure(`another ${what} is under way; if it is not, remove ${path}`)
    }
    await setTimeout(RETRY_MS)
  }
  return holding(path, work)
}

/**
 * Runs `work` with kubectl's lock on a kubeconfig, which kubectl holds while it writes.
 *
 * Source: client-go `tools/clientcmd/config.go` (lockFile).
 *
 * @param waitMs how long to wait while another program has it.
 * @throws {Failure} if another program has it, or it cannot be taken.
 */
export async function withKubectlLock(path: string, work: () => Promise<void>, waitMs = 0): Promise<void> {
  const lock = `${path}.lock`
  const cannot = (code: string): string => `${path}: its lock ${lock} cannot be made (${code})`
  for (let retries = Math.floor(waitMs / RETRY_MS); !takes(lock, '', cannot); retries--) {
    if (retries <= 0)
      throw new Failure(`${path}: another program writes to it; if there is none, remove ${lock}`)
    await setTimeout(RETRY_MS)
  }
  await holding(lock, work)
}

/** Takes a lock, if it is free. Returns whether it did. */
function takes(lock: string, content: string, cannot: (code: string) => string): boolean {
  try {
    writeFileSync(lock, content, { flag: 'wx', mode: 0o600 })
    return true
  } catch (error) {
    const code = codeOf(error)
    if (code === 'EEXIST') return false
    throw new Failure(cannot(code), { cause: error })
  }
}

/** Runs `work`, and gives up the lock that was taken for it. */
async function holding<T>(lock: string, work: () => Promise<T>): Promise<T> {
  const release = (): void => rmSync(lock, { force: true })
  process.once('exit', release)
  try {
    return await work()
  } finally {
    process.off('exit', release)
    release()
  }
}

/** Moved before it is removed: the lock that another process may have taken meanwhile is put back. */
function removeIfAbandoned(path: string): void {
  const owner = contentOf(path)
  if (owner === undefined || isRunning(Number(owner))) return
  const moved = `${path}.${process.pid}`
  try {
    renameSync(path, moved)
    if (contentOf(moved) !== owner) linkSync(moved, path)
  } catch {
    // Another process was faster.
  } finally {
    rmSync(moved, { force: true })
  }
}

function contentOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}

function isRunning(pid: number): boolean {
  // Just taken, and its number not written yet.
  if (!Number.isInteger(pid) || pid <= 0) return true
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return codeOf(error) !== 'ESRCH'
  }
}
