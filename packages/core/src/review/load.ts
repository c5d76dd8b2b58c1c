import type * as Answering from './answering.ts'

let loaded: typeof Answering | undefined

/**
 * The code that reads and answers reviews. It is loaded for the first one, since few apps serve any.
 *
 * Not one promise for all calls: on some runtimes a promise belongs to the request that created it.
 */
export async function loadAnswering(): Promise<typeof Answering> {
  loaded ??= await import('./answering.ts')
  return loaded
}
