import type { FileContent } from './read-file.ts'
import type { ReloadOptions } from './reloading-source.ts'

/** Options of {@link fileSource}. */
export interface FileSourceOptions<T> extends ReloadOptions {
  /** Parses the content; throws to refuse it. */
  readonly parse: (content: FileContent) => T
  /** Larger files are refused. Default 100 MiB. */
  readonly maxBytes?: number
}
