import { setTimeout as sleep } from 'node:timers/promises'

/** The limit of whatever is waited for. It ends what hangs: the speed and load of the machine must not matter. */
export const PATIENCE_MS = 300_000

/** Asks until the answer is wanted, and returns it. */
export async function eventually(ask, isWanted = (answer) => answer) {
  const signal = AbortSignal.timeout(PATIENCE_MS)
  for (;;) {
    const answer = await ask()
    if (isWanted(answer)) return answer
    if (signal.aborted) throw new Error(`still ${JSON.stringify(answer)}`)
    await sleep(10)
  }
}
