import { closeSync, openSync, rmSync } from 'node:fs'
import { setTimeout } from 'node:timers/promises'
import { Failure } from '../failure.ts'
import { codeOf } from '../terminal/new-file.ts'

/** Options of {@link withKubectlLock}. */
export interface KubectlLockOptions {
  /** How long to wait while another program has it. Default 0. */
  readonly waitMs?: number
}

const RETRY_MS = 100

/**
 * Runs `work` with kubectl's lock on a kubeconfig, which kubectl holds while it writes.
 *
 * Source: client-go `tools/clientcmd/config.go` (lockFile).
 *
 * @throws {Failure} if another program has it, or it cannot be taken.
 */
export async function withKubectlLock(
  path: string,
  work: () => Promise<void>,
  { waitMs = 0 }: KubectlLockOptions = {},
): Promise<void> {
  const lock = `${path}.lock`
  for (let retries = Math.floor(waitMs / RETRY_MS); !takes(path, lock); retries--) {
    if (retries <= 0)
      throw new Failure(`${path}: another program writes to it; if there is none, remove ${lock}`)
    await setTimeout(RETRY_MS)
  }
  const unlock = (): void => rmSync(lock, { force: true })
  process.once('exit', unlock)
  try {
    await work()
  } finally {
    process.off('exit', unlock)
    unlock()
  }
}

function takes(path: string, lock: string): boolean {
  try {
    closeSync(openSync(lock, 'wx', 0o600))
    return true
  } catch (error) {
    const code = codeOf(error)
    if (code === 'EEXIST') return false
    throw new Failure(`${path}: its lock ${lock} cannot be made (${code})`, { cause: error })
  }
}
