/**
 * How a service is out of order.
 *
 * - `reset`: connections are made and lost again.
 * - `hang`: there is no answer until the outage is over, or until the caller gives up.
 * - a status: that is the whole answer, to everything.
 */
export type Outage = 'reset' | 'hang' | OutageStatus

/** What a service answers that is out of order. */
export interface OutageStatus {
  /** 200 to 599. */
  readonly status: number
  /** Such as `retry-after`. Default: none. */
  readonly headers?: Readonly<Record<string, string>>
}

/** Whether there is an outage. */
export interface OutageSwitch {
  /** The outage begins, in the place of any before it. */
  stop(outage: Outage): void
  /** The outage is over, and what hangs goes on. */
  start(): void
  /**
   * Does to a request what the outage does to it.
   *
   * @param signal of whoever waits: what hung for nobody goes on to nothing.
   * @returns the answer, or `undefined` when there is no outage, or no more.
   */
  pass(signal: AbortSignal): Promise<Response | undefined>
}

/** In order, until it is stopped. */
export function outageSwitch(): OutageSwitch {
  let current: CurrentOutage | undefined

  const replace = (next: CurrentOutage | undefined): void => {
    const ended = current
    current = next
    ended?.end()
  }

  const pass = async (signal: AbortSignal): Promise<Response | undefined> => {
    if (current === undefined) return undefined
    const { outage, over } = current
    if (outage === 'reset') throw connectionFailure('ECONNRESET', 'read ECONNRESET')
    if (outage !== 'hang') return new Response(null, outage)
    await over
    signal.throwIfAborted()
    // Another outage may have taken its place.
    return pass(signal)
  }

  return {
    stop: (outage) => replace(currentOutage(outage)),
    start: () => replace(undefined),
    pass,
  }
}

/** What Node's `fetch` rejects with when there is no connection, or no more. */
export function connectionFailure(code: 'ECONNRESET' | 'ENOTFOUND', message: string): TypeError {
  return new TypeError('fetch failed', { cause: Object.assign(new Error(message), { code }) })
}

interface CurrentOutage {
  readonly outage: Outage
  readonly over: Promise<void>
  readonly end: () => void
}

function currentOutage(outage: Outage): CurrentOutage {
  let end = (): void => undefined
  const over = new Promise<void>((resolve) => {
    end = resolve
  })
  return { outage, over, end }
}
