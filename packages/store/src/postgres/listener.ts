import { memberOf } from '@kube-authn/core/internal'
import type { Database, PostgresClient, PostgresStoreOptions } from './database.ts'
import { quotedIdentifier } from './schema.ts'
import { retryPauses } from './retry-pauses.ts'

type ListenOptions = Pick<PostgresStoreOptions, 'schema' | 'clock'> & {
  readonly database: Pick<Database, 'client' | 'run'>
}

/** How often it is asked whether the connection is still there: a firewall that has forgotten it says nothing. */
const CHECK_MS = 10_000

/**
 * Hears of the writes of other processes, over a connection of its own, which it replaces when it is lost. What it hears is only that something has
 * happened: the changes are read from their table.
 *
 * @param onWake something was written, or may have been while nothing could be heard. It gets how the keys of what was written begin, if that is known.
 * @returns a function that ends it.
 */
export function listen(
  { database, schema, clock }: ListenOptions,
  onWake: (heads?: readonly string[]) => void,
): () => void {
  const pauses = retryPauses()
  let isEnded = false
  let current: PostgresClient | undefined
  let cancel: (() => void) | undefined

  const retry = (): void => {
    if (isEnded) return
    cancel = clock.after(pauses.next(), () => void connect())
  }

  const lost = (client: PostgresClient): void => {
    if (current !== client) return
    cancel?.()
    current = undefined
    client.release(true)
    retry()
  }

  const checkLater = (client: PostgresClient): void => {
    if (current !== client) return
    cancel = clock.after(CHECK_MS, () => {
      database.run(client, 'SELECT 1').then(
        () => checkLater(client),
        () => lost(client),
      )
    })
  }

  const connect = async (): Promise<void> => {
    let client: PostgresClient
    try {
      client = await database.client()
    } catch {
      // Until it works, changes are found by asking for them now and then.
      retry()
      return
    }
    current = client
    try {
      for (const event of ['error', 'end'] as const) client.on(event, () => lost(client))
      client.on('notification', (message) => onWake(headsIn(message)))
      if (isEnded) {
        end()
        return
      }
      await database.run(client, `LISTEN ${quotedIdentifier(schema)}`)
      pauses.succeeded()
      onWake()
      checkLater(client)
    } catch {
      lost(client)
    }
  }

  function end(): void {
    isEnded = true
    cancel?.()
    const client = current
    current = undefined
    client?.release(true)
  }

  void connect()
  return end
}

function headsIn(message: unknown): readonly string[] | undefined {
  const payload = memberOf(message, 'payload')
  try {
    const heads: unknown = typeof payload === 'string' ? JSON.parse(payload) : undefined
    return Array.isArray(heads) && heads.every((each) => typeof each === 'string') ? heads : undefined
  } catch {
    return undefined
  }
}
