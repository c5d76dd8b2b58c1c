import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { setTimeout } from 'node:timers/promises'
import { Failure } from './failure.ts'
import { codeOf } from './terminal/new-file.ts'

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
  while (!takesLock(path)) {
    removeIfAbandoned(path)
    if (signal.aborted) {
      throw new Failure(`another ${what} is under way; if it is not, remove ${path}`)
    }
    await setTimeout(RETRY_MS)
  }
  const release = (): void => rmSync(path, { force: true })
  process.once('exit', release)
  try {
    return await work()
  } finally {
    process.off('exit', release)
    release()
  }
}

/** Takes the lock, if it is free. Returns whether it did. */
function takesLock(path: string): boolean {
  try {
    writeFileSync(path, String(process.pid), { flag: 'wx', mode: 0o600 })
    return true
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false
    throw new Failure(`${path}: cannot be written (${codeOf(error)})`, { cause: error })
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
