import type { Clock } from '@kube-authn/core'
import { EtcdFailure } from './etcd-failure.ts'

export interface AskedMembers<T> {
  readonly timers: Clock
  /** After this time the first member is slow. */
  readonly slowMs: number
  readonly askFirst: () => Promise<T>
  /** Asks another member, unless `undefined`. */
  readonly askSecond: () => Promise<T> | undefined
}

/**
 * The first answer, with which a refusal counts: that of a second member if the first one is slow. The first one stays asked, so that its work is not lost.
 *
 * @throws {EtcdFailure} if none of those asked can answer.
 */
export async function firstAnswer<T>({ timers, slowMs, askFirst, askSecond }: AskedMembers<T>): Promise<T> {
  let cancel = (): void => {}
  try {
    return await new Promise<T>((resolve, reject) => {
      let open = 0
      const add = (asked: Promise<T> | undefined): void => {
        if (asked === undefined) return
        open++
        asked.then(resolve, (thrown: unknown) => {
          open--
          const isRefused = thrown instanceof EtcdFailure && thrown.outcome === 'refused'
          if (open === 0 || isRefused) reject(thrown)
        })
      }
      add(askFirst())
      cancel = timers.after(slowMs, () => add(askSecond()))
    })
  } finally {
    cancel()
  }
}
