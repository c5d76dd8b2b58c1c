const EXIT_CODES = { SIGINT: 130, SIGTERM: 143 } as const

/** What stops the server. */
export interface StopSignals {
  /** Resolves at the first SIGTERM or SIGINT. */
  readonly stopped: Promise<void>
  /** Gives the signals back their usual meaning. */
  release(): void
}

/** Waits for SIGTERM and SIGINT, of which the first lets the server stop in order, and a second one ends the process at once. */
export function stopSignals(): StopSignals {
  // Other commands end at once.
  process.removeAllListeners('SIGINT')
  const signals = ['SIGINT', 'SIGTERM'] as const
  let isStopping = false
  let stop: () => void = () => {}
  const stopped = new Promise<void>((resolve) => {
    stop = resolve
  })
  const receive = (signal: keyof typeof EXIT_CODES): void => {
    if (isStopping) process.exit(EXIT_CODES[signal])
    isStopping = true
    stop()
  }
  for (const signal of signals) process.on(signal, receive)
  return {
    stopped,
    release() {
      for (const signal of signals) process.off(signal, receive)
    },
  }
}
