import { notify, type Observer } from '@kube-authn/core'
import { fileSource } from './file-source.ts'
import type { ReloadOptions } from './reloading-source.ts'

/** Options of {@link watchedText}. */
export interface WatchedTextOptions extends ReloadOptions {
  /** Told of each new text. Whether it counts is decided, and reported, there. */
  readonly onChange: (text: string) => void
  /** A larger file is refused. */
  readonly maxBytes: number
  /** Makes text of bytes. Default: UTF-8, and a file of anything else is refused. */
  readonly decoder?: TextDecoder
}

/**
 * The text of a file, and what becomes of it: for what takes time to understand. The observer hears only of a file that cannot be read.
 *
 * @throws {Error} what reading throws, for the first version.
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
