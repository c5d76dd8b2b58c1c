import { messageOf, storeTime, systemClock } from '@kube-authn/core/internal'
import { inTime } from './in-time.ts'
import type { Script } from './scripts.ts'
import type { ValkeyClient, ValkeyConnection } from './valkey-client.ts'

/** The server, or the servers of a cluster. */
export interface ValkeyServer {
  /** Runs a script. @returns its result. It rejects with any error, even if the script may have run or may run later. */
  run(this: void, script: Script, keys: readonly string[], parameters?: readonly string[]): Promise<unknown>
  /** Its time, as far as this process knows it. */
  now(this: void): number
}

/** @param timeoutMs how long an answer may take. */
export function valkeyServer(connection: ValkeyConnection, timeoutMs: number): ValkeyServer {
  const elapsedMs = (): number => performance.now()
  const time = storeTime(systemClock, elapsedMs, false)
  return {
    async run(script, keys, parameters = []) {
      const sentMs = elapsedMs()
      const client = connection.client()
      const evaluated = evaluate(client, script, keys, parameters)
      const answer = await inTime(evaluated, timeoutMs, () => connection.cutOff(client))
      const parts: readonly unknown[] = Array.isArray(answer) ? answer : []
      const [nowMs, result] = parts
      if (typeof nowMs !== 'number') throw new TypeError('the answer is not that of a script')
      time.learn({ fromMs: nowMs, toMs: nowMs + 1, sentMs, receivedMs: elapsedMs() })
      return result
    },
    now: () => time.nowMs(),
  }
}

/** The server knows a script by its digest, until it is restarted. */
async function evaluate(
  client: ValkeyClient,
  { text, sha1 }: Script,
  keys: readonly string[],
  parameters: readonly string[],
): Promise<unknown> {
  const options = { keys: [...keys], arguments: [...parameters] }
  try {
    return await client.evalSha(sha1, options)
  } catch (thrown) {
    if (!messageOf(thrown, '').startsWith('NOSCRIPT')) throw thrown
    return client.eval(text, options)
  }
}
