import type { LogEntry, Observer } from '@kube-authn/core'
import { EXIT } from '../failure.ts'
import { note, type Terminal, write } from '../terminal/terminal.ts'

/** Receives a line of the log. */
export type Log = (entry: Pick<LogEntry, 'level' | 'message'>) => void

/** Writes the log to stderr, each line with its time. */
export function serverLog(terminal: Terminal): Log {
  return ({ level, message }) => note(terminal, `${new Date().toISOString()} ${level} ${message}`)
}

/** Logs that a copy of a store is followed again: that it was not, was logged as an error. @param observer receives every event. */
export function recoveryLog(observer: Observer, log: Log): Observer {
  return (event) => {
    observer(event)
    if (event.type !== 'storeCopy' || event.status !== 'recovered') return
    const took = `${Math.round(event.outageSeconds ?? 0)} seconds`
    log({
      level: 'info',
      message: `${event.kind} are followed again: their changes could not be for ${took}`,
    })
  }
}

/** Takes what closes something that was opened. */
export type OnClose = (close: () => void | Promise<void>) => void

export interface Opened {
  /** Closes everything, last opened first, also if something fails. Rejects with the first failure. */
  close(this: void): Promise<void>
}

/** Opens several things. If that fails, nothing is left open. */
export async function openAll<T extends object>(open: (onClose: OnClose) => Promise<T>): Promise<T & Opened> {
  const all: (() => void | Promise<void>)[] = []
  const close = async (): Promise<void> => {
    const errors: unknown[] = []
    for (const each of all.splice(0).toReversed()) {
      try {
        // One needs what was opened before it.
        await each()
      } catch (error) {
        errors.push(error)
      }
    }
    if (errors.length > 0) throw errors[0]
  }
  try {
    return { ...(await open((each) => void all.push(each))), close }
  } catch (error) {
    await close().catch(() => undefined)
    throw error
  }
}

const EXIT_CODES = { SIGINT: 130, SIGTERM: 143 } as const
const SIGNALS = ['SIGINT', 'SIGTERM'] as const

/**
 * Runs a server, whose start is told if it is to stop. The first SIGTERM or SIGINT lets it stop in order, and a second one ends the process at once.
 *
 * @param announcement what is printed once it runs.
 * @returns the exit code.
 */
export async function runUntilStopped<T extends Opened>(
  terminal: Terminal,
  start: (stopping: AbortSignal) => Promise<T>,
  announcement: (started: T) => string,
): Promise<number> {
  // Other commands end at once.
  terminal.removeAllListeners('SIGINT')
  const stopping = new AbortController()
  const stopped = new Promise<void>((resolve) => {
    stopping.signal.addEventListener('abort', () => resolve(), { once: true })
  })
  const receive = (signal: keyof typeof EXIT_CODES): void => {
    if (stopping.signal.aborted) terminal.exit(EXIT_CODES[signal])
    stopping.abort()
  }
  for (const signal of SIGNALS) terminal.on(signal, receive)
  const started = await start(stopping.signal)
  await write(terminal, announcement(started))
  await stopped
  await started.close()
  for (const signal of SIGNALS) terminal.off(signal, receive)
  return EXIT.ok
}
