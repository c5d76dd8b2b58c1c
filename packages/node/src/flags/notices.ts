import { type FileNotice, notify, type Observer } from '@kube-authn/core'

/** What a command line is called in events. */
const SOURCE = 'flags'

/** How many names a notice has at most. */
const MAX_NAMES = 200

/** Tells of what is noticed in a command line. */
export function tellNotices(observer: Observer | undefined, notices: readonly FileNotice[]): void {
  for (const notice of notices) notify(observer, { type: 'fileNotice', file: SOURCE, notice })
}

/** Tells which flags mean nothing here, if there are any. */
export function ignoredNotices(
  ignored: readonly string[],
  about = 'authentication or authorization',
): readonly FileNotice[] {
  if (ignored.length === 0) return []
  const names = ignored.slice(0, MAX_NAMES).join(', ')
  const message = `these flags say nothing about ${about}, and are ignored: ${names}`
  return [{ severity: 'advice', code: 'flagsIgnored', message }]
}
