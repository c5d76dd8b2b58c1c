import { notify } from '@kube-authn/core/adapter'
import type { Observer } from '@kube-authn/core'
import { fileSource } from './file-source.ts'
import type { ReloadOptions } from './reloading-source.ts'

/** Options of {@link watchedText}. */
export interface WatchedTextOptions extends ReloadOptions {
  /** Called with each new content; it decides whether to use it, and reports that. */
  readonly onChange: (text: string) => void
  /** Larger files are refused. */
  readonly maxBytes: number
  /** Decodes the bytes. Default: UTF-8; other files are refused. */
  readonly decoder?: TextDecoder
}

/**
 * The content of a file as a string, and its later versions, for content that is parsed asynchronously. The observer is only called for an unreadable
 * file.
 *
 * @throws {Error} any error of reading the first version.
 */
export function watchedText(
  path: string,
  { onChange, observer, decoder = utf8, ...options }: WatchedTextOptions,
): { readonly current: () => string; readonly close: () => void } {
  let isFirst = true
  return fileSource(path, {
    ...options,
    ...(observer !== undefined && { observer: failuresOnly(observer) }),
    parse(content) {
      const text = decoder.decode(content)
      if (!isFirst) onChange(text)
      isFirst = false
      return text
    },
  })
}

const utf8 = new TextDecoder('utf-8', { fatal: true })

function failuresOnly(observer: Observer): Observer {
  return (event) => {
    if (event.type !== 'reload' || event.outcome === 'failed') notify(observer, event)
  }
}
