import { type FileOptions, type FileSourceOptions, sourceShape } from '../options/reload-options.ts'
import { inOneStep, optionProblems, refuseProblems, type Steps } from '@kube-authn/core/internal'
import type { Observer } from '@kube-authn/core'
import { notify } from '@kube-authn/core/adapter'
import { aPath } from '../options/file-option.ts'
import { digestSteps, type FileContent, MAX_TEXT_BYTES, readSteps, stampOf, strictUtf8 } from './read-file.ts'
import { type FileSource, type ReloadOptions, reloadingSource } from './reloading-source.ts'
import { directoriesOf } from './watch-directories.ts'

/**
 * Reads a file now, and again whenever it changes: written in place, replaced by rename, or by a swap of symbolic links as Kubernetes does with
 * mounted secrets. A change is detected by size, times and inode.
 *
 * A new version that cannot be read, is empty or is refused changes nothing: the last good one stays in force, and the observer gets one event per
 * bad version. Later versions are read in slices that do not block the event loop.
 *
 * Source: apiserver `pkg/server/dynamiccertificates/dynamic_cafile_content.go` has the same rules for CA files.
 *
 * Deviation: kube-apiserver reads token and password files once (`docs/deviations.md`, reload of credential files).
 *
 * @throws {Error} any error of reading or parsing the first version.
 */
export function fileSource<T>(path: string, options: FileSourceOptions<T>): FileSource<T> {
  refuseProblems(aPath(path, 'path'), optionProblems(sourceShape, options))
  const { parse, ...others } = options
  const steps = (content: FileContent): Steps<T> => inOneStep(() => parse(content))
  return largeFileSource(path, { ...others, steps, isVerdictFinal: false })
}

interface LargeFileSourceOptions<T> extends FileOptions {
  readonly steps: (content: FileContent) => Steps<T>
  /** Whether refused content is not parsed again before it changes. Default `true`. */
  readonly isVerdictFinal?: boolean
}

/** Like {@link fileSource}, for content that takes long to parse: it is parsed in slices too. */
export function largeFileSource<T>(path: string, options: LargeFileSourceOptions<T>): FileSource<T> {
  refuseProblems(aPath(path, 'path'))
  const { steps, maxBytes = MAX_BYTES, isVerdictFinal = true, ...reload } = options
  return reloadingSource(
    {
      name: path,
      parameter: 'path',
      stamp: () => stampOf(path),
      *read() {
        const content = yield* readSteps(path, maxBytes)
        return { content, digest: yield* digestSteps(content) }
      },
      isEmpty: (content) => content.length === 0,
      directories: () => directoriesOf(path),
    },
    steps,
    { ...reload, isVerdictFinal },
  )
}

const MAX_BYTES = 100 * 1024 * 1024

export interface WatchedTextOptions extends ReloadOptions {
  /** Called with each new content; it decides whether to use it, and reports that. */
  readonly onChange: (text: string) => void
  /** Decodes the bytes. Default: UTF-8; other files are refused. */
  readonly decoder?: InstanceType<typeof TextDecoder>
}

/**
 * The content of a file of at most 1 MiB as a string, and its later versions, for content that is parsed asynchronously. The observer is only called for an unreadable
 * file.
 *
 * @throws {Error} any error of reading the first version.
 */
export function watchedText(
  path: string,
  { onChange, observer, decoder = strictUtf8, ...options }: WatchedTextOptions,
): { readonly current: () => string; readonly close: () => void } {
  let isFirst = true
  return fileSource(path, {
    ...options,
    maxBytes: MAX_TEXT_BYTES,
    ...(observer !== undefined && { observer: failuresOnly(observer) }),
    parse(content) {
      const text = decoder.decode(content)
      if (!isFirst) onChange(text)
      isFirst = false
      return text
    },
  })
}

function failuresOnly(observer: Observer): Observer {
  return (event) => {
    if (event.type !== 'reload' || event.outcome === 'failed') notify(observer, event)
  }
}
