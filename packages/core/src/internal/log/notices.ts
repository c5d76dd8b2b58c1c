import type { LogLevel } from '../../authenticator/log.ts'
import { type Sink, stateOfSink, writeEntry } from './write-entry.ts'

/** Something that is said once. */
export interface Notice {
  readonly code: string
  readonly message: string
  readonly level?: LogLevel
  /** What it is about: it may be said again once {@link forgetNotices} is called with it. Default: the message. */
  readonly about?: string
  /** A reason that may change, in which case it is said again. */
  readonly reason?: string
}

/** The oldest notices are forgotten, so that they may be said again. */
const MAX_KEPT = 1000

const saidTo = stateOfSink(() => new Map<string, string>())

/**
 * Says a notice once to each log. The default is `process.emitWarning`, so that `--trace-warnings` shows the location and
 * `--disable-warning=CODE` silences it, or `console.warn` in runtimes without it.
 */
export function writeNotice(
  log: Sink,
  { code, message, level = 'warn', about = message, reason = '' }: Notice,
): void {
  const said = saidTo(log)
  const key = `${code} ${about} ${reason}`
  if (said.has(key)) return
  const [oldest] = said.keys()
  if (said.size >= MAX_KEPT && oldest !== undefined) said.delete(oldest)
  said.set(key, about)
  if (log === undefined) warn(code, message, level)
  else writeEntry(log, { level, type: 'notice', code, message: `kube-authn: ${message} [${code}]` })
}

/** Forgets what was said about something, since it changed. Returns whether anything was said. */
export function forgetNotices(log: Sink, about: string): boolean {
  const said = saidTo(log)
  const keys = [...said].filter(([, each]) => each === about).map(([key]) => key)
  for (const key of keys) said.delete(key)
  return keys.length > 0
}

function warn(code: string, message: string, level: LogLevel): void {
  if (level !== 'warn' && level !== 'error') return
  // Node has it, and so have Deno and Bun.
  const { process } = globalThis as {
    readonly process?: {
      emitWarning?(text: string, options: { readonly type: string; readonly code: string }): void
    }
  }
  if (process?.emitWarning === undefined) {
    // oxlint-disable-next-line no-console -- the runtime has no other way to warn
    console.warn(`[${code}] ${message}`)
  } else process.emitWarning(message, { type: 'KubeAuthnWarning', code })
}
