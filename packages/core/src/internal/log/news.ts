import type { NewsEvent } from '../../authenticator/events.ts'
import { networkWords, shownReason, shownValue } from './shown-values.ts'
import { type Sink, writeEntry } from './write-entry.ts'
import { forgetNotices, writeNotice } from './notices.ts'

/** Writes what happened besides requests: each thing once, and again after it was in order. It never throws. */
export function writeNews(log: Sink, event: NewsEvent): void {
  try {
    writeEvent(log, event)
  } catch {
    // A log must not decide about requests.
  }
}

function writeEvent(log: Sink, event: NewsEvent): void {
  switch (event.type) {
    case 'fileNotice':
      writeNotice(log, {
        code: 'KUBE_AUTHN_NOTICE',
        message: `${event.file}: ${shownReason(event.notice.message, [])}`,
        about: `${event.file} ${event.notice.code}`,
      })
      break
    case 'reload':
      writeProgress(log, event.error, {
        code: 'KUBE_AUTHN_RELOAD',
        about: `reload ${event.source}`,
        failed: `${event.source} cannot be used, so its last good version stays in force`,
        done: `${event.source} is read again`,
        isAlwaysTold: true,
      })
      break
    case 'issuerDiscovery':
      writeProgress(log, event.error, {
        code: 'KUBE_AUTHN_ISSUER',
        about: `discovery ${event.issuer}`,
        failed: `the issuer ${shownValue(event.issuer)} cannot be discovered, so none of its tokens can be verified; it is tried again`,
        done: `the issuer ${shownValue(event.issuer)} is discovered`,
        isAlwaysTold: true,
      })
      break
    case 'jwksFetch':
      writeProgress(log, event.error, {
        code: 'KUBE_AUTHN_ISSUER',
        about: `keys ${event.issuer}`,
        failed: `the keys of the issuer ${shownValue(event.issuer)} cannot be fetched, so only keys that are known already count`,
        done: `the keys of the issuer ${shownValue(event.issuer)} are fetched`,
        isAlwaysTold: false,
      })
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
    const reason = reasonOf(error)
    writeNotice(log, { level: 'error', code, about, reason, message: `${failed}: ${reason}` })
    return
  }
  const isRecovered = forgetNotices(log, about)
  if (log === undefined || !(isRecovered || isAlwaysTold)) return
  writeEntry(log, { level: 'info', type: 'notice', code, message: `kube-authn: ${done} [${code}]` })
}

/** The message and, in words, the reason of the network. */
function reasonOf(error: Error): string {
  const message = shownReason(error.message, [])
  const reason = networkWords(error)
  return reason === '' || message.includes(reason) ? message : `${message}: ${reason}`
}
