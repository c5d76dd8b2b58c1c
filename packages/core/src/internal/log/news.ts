import type { AuthenticationEvent } from '../../authenticator/events.ts'
import { networkWords, shownReason, shownValue } from './shown-values.ts'
import { type Sink, writeEntry } from './write-entry.ts'
import { forgetNotices, writeNotice } from './notices.ts'

/** Writes what happened besides requests: each thing once, and again after it was in order. It never throws. */
export function writeNews(log: Sink, event: AuthenticationEvent): void {
  try {
    if (event.type === 'fileNotice') {
      const { file, notice } = event
      const message = `${file}: ${shownReason(notice.message, [])}`
      writeNotice(log, { code: 'KUBE_AUTHN_NOTICE', message, about: `${file} ${notice.code}` })
    } else if (event.type === 'reload' && event.outcome !== 'initial') {
      writeProgress(log, event.error, {
        code: 'KUBE_AUTHN_RELOAD',
        about: `reload ${event.source}`,
        failed: `${event.source} cannot be used, so its last good version stays in force`,
        done: `${event.source} is read again`,
        isAlwaysTold: true,
      })
    } else if (event.type === 'issuerDiscovery') {
      const issuer = `the issuer ${shownValue(event.issuer)}`
      writeProgress(log, event.error, {
        code: 'KUBE_AUTHN_ISSUER',
        about: `discovery ${event.issuer}`,
        failed: `${issuer} cannot be discovered, so none of its tokens can be verified; it is tried again`,
        done: `${issuer} is discovered`,
        isAlwaysTold: true,
      })
    } else if (event.type === 'jwksFetch') {
      const keys = `the keys of the issuer ${shownValue(event.issuer)}`
      writeProgress(log, event.error, {
        code: 'KUBE_AUTHN_ISSUER',
        about: `keys ${event.issuer}`,
        failed: `${keys} cannot be fetched, so only keys that are known already count`,
        done: `${keys} are fetched`,
        isAlwaysTold: false,
      })
    }
  } catch {
    // A log must not decide about requests.
  }
}

interface Progress {
  readonly code: string
  readonly about: string
  readonly failed: string
  readonly done: string
  /** Whether success is told even if there was no failure before. */
  readonly isAlwaysTold: boolean
}

function writeProgress(
  log: Sink,
  error: Error | undefined,
  { code, about, failed, done, isAlwaysTold }: Progress,
): void {
  if (error !== undefined) {
    // In words, the reason of the network.
    const words = networkWords(error)
    const shown = shownReason(error.message, [])
    const reason = words === '' || shown.includes(words) ? shown : `${shown}: ${words}`
    writeNotice(log, { level: 'error', code, about, reason, message: `${failed}: ${reason}` })
    return
  }
  const isRecovered = forgetNotices(log, about)
  if (log === undefined || !(isRecovered || isAlwaysTold)) return
  writeEntry(log, { level: 'info', type: 'notice', code, message: `kube-authn: ${done} [${code}]` })
}
