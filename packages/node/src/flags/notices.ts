import type { FileNotice } from '@kube-authn/core/internal'
import { notify } from '@kube-authn/core/adapter'
import type { Observer } from '@kube-authn/core'

/** The source of a command line in events. */
const SOURCE = 'flags'

/** The most names in a notice. */
const MAX_NAMES = 200

/** Emits notices about a command line. */
export function notifyNotices(observer: Observer | undefined, notices: readonly FileNotice[]): void {
  for (const notice of notices) notify(observer, { type: 'fileNotice', file: SOURCE, notice })
}

/** The notice about ignored flags, if there are any. */
export function ignoredNotices(
  ignored: readonly string[],
  about = 'authentication or authorization',
): readonly FileNotice[] {
  if (ignored.length === 0) return []
  const names = ignored.slice(0, MAX_NAMES).join(', ')
  const message = `flags that are unrelated to ${about} are ignored: ${names}`
  return [{ severity: 'advice', code: 'flagsIgnored', message }]
}
