import { orElse } from '../options/closeable.ts'
import type { ConfigurationProblem } from '@kube-authn/core'
import { notify } from '@kube-authn/core/adapter'
import { replaceProblems } from '@kube-authn/core/internal'
import { resolve } from 'node:path'
import { underOption } from '../options/option-problems.ts'
import { fileSource } from '../file-source/file-source.ts'
import { reportFailed } from '../file-source/reloading-source.ts'
import type { FileOptions } from '../options/reload-options.ts'

/** The files of a certificate and its key. */
export interface CertificateFiles {
  readonly certFile: string
  readonly keyFile: string
}

/** What is in the files. */
export interface CertificatePairContent {
  readonly cert: Buffer
  readonly key: Buffer
}

export interface CertificatePairOptions<T> extends CertificateFiles {
  readonly watching: FileOptions
  /** The options with the files are `${path}certFile` and `${path}keyFile`. */
  readonly path: string
  /** Makes what is used of them. @throws {ConfigurationError} under `cert` or `key`. */
  readonly make: (content: CertificatePairContent) => T
  /** Puts a new one in force, after the first. */
  readonly onFresh: () => void
}

export interface CertificatePair<T> {
  /** What was made of the last two that matched. */
  readonly current: () => T
  readonly close: () => void
}

/**
 * Reads a certificate and its key, and reads them again when they change. New ones take effect once they match; until then the old ones stay, and the observer gets an event.
 *
 * @throws {ConfigurationError} if they do not match; any error of reading the files.
 */
export function certificatePair<T>(options: CertificatePairOptions<T>): CertificatePair<T> {
  const { certFile, keyFile, path, make, onFresh, watching } = options
  const { observer } = watching

  const source = (option: string, file: string): ReturnType<typeof fileSource<Buffer>> =>
    underOption(option, () =>
      fileSource(file, {
        ...watching,
        parse: (content: Uint8Array) => Buffer.from(content),
        observer: (event) => {
          if (event.type !== 'reload' || event.outcome === 'failed') {
            notify(observer, event)
            return
          }
          try {
            made = read()
            onFresh()
            notify(observer, event)
          } catch (error) {
            reportFailed(observer, file, error, 'the certificate cannot be used')
          }
        },
      }),
    )

  const read = (): T => make({ cert: cert.current(), key: key.current() })
  const cert = source(`${path}certFile`, certFile)
  const key = orElse(cert.close, () => source(`${path}keyFile`, keyFile))
  const close = (): void => {
    cert.close()
    key.close()
  }
  let made = orElse(close, () => ofFiles(read, options))
  return { current: () => made, close }
}

/** @throws {ConfigurationError} that names the files if their certificate and key do not match. */
function ofFiles<T>(
  read: () => T,
  { certFile, keyFile, path: option }: CertificateFiles & { readonly path: string },
): T {
  const withFiles = ({ path, message }: ConfigurationProblem): ConfigurationProblem => {
    if (path !== 'cert' && path !== 'key') return { path, message }
    const files = `certFile is ${resolve(certFile)}, keyFile is ${resolve(keyFile)}`
    return { path: `${option}${path}File`, message: `${message}; ${files}` }
  }
  return replaceProblems(withFiles, read)
}
