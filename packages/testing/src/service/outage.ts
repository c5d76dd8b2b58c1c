/**
 * The kind of an outage.
 *
 * - `reset`: connections are accepted and reset.
 * - `hang`: there is no response until the outage ends or the client aborts.
 * - a status: the response to every request, without a body.
 *
 * More may be added in a minor version; handle the rest.
 */
export type Outage = 'reset' | 'hang' | OutageStatus

/** The response during an outage. */
export interface OutageStatus {
  /** 200 to 599. */
  readonly status: number
  /** For example `retry-after`. Default: none. */
  readonly headers?: Readonly<Record<string, string>>
}

export interface OutageSwitch {
  /** Starts an outage, replacing any before it. */
  stop(outage: Outage): void
  /** Ends the outage; hanging requests continue. */
  start(): void
  /**
   * Applies the outage to a request.
   *
   * @param signal of the client: an aborted request does not continue after the outage.
   * @returns the response, or `undefined` if there is no outage or it ended.
   */
  pass(signal: AbortSignal): Promise<Response | undefined>
}

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
    // Another outage may have replaced it.
    return pass(signal)
  }

  return {
    stop: (outage) => replace(currentOutage(outage)),
    start: () => replace(undefined),
    pass,
  }
}

/** The error of Node's `fetch` for a failed or lost connection. */
export function connectionFailure(code: 'ECONNRESET' | 'ENOTFOUND', message: string): TypeError {
  return new TypeError('fetch failed', { cause: Object.assign(new Error(message), { code }) })
}

type CurrentOutage = ReturnType<typeof currentOutage>

function currentOutage(outage: Outage) {
  let end = (): void => undefined
  const over = new Promise<void>((resolve) => {
    end = resolve
  })
  return { outage, over, end }
}
