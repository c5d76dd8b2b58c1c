import { basename, dirname, join } from 'node:path'

/** The suffix of a compressed backup. */
export const COMPRESSED = '.gz'

/** Names of backups: `audit.log` is moved to `audit-2006-01-02T15-04-05.000.log`, the time of the rotation. */
export interface BackupNames {
  readonly folder: string
  /** The path of a backup made at this time. */
  pathAt(milliseconds: number): string
  /** When a backup was made, from its name; `undefined` for other files. */
  timeOf(name: string): number | undefined
}

/**
 * The backup names of a file.
 *
 * Source: lumberjack v2 `lumberjack.go` (`backupName`, `timeFromName`), which kube-apiserver uses for rotation.
 */
export function backupNamesOf(path: string): BackupNames {
  const folder = dirname(path)
  const name = basename(path)
  const dot = name.lastIndexOf('.')
  const extension = dot === -1 ? '' : name.slice(dot)
  const prefix = `${name.slice(0, name.length - extension.length)}-`
  return {
    folder,
    pathAt(milliseconds) {
      const [date = '', time = ''] = new Date(milliseconds).toISOString().split('T')
      return join(folder, `${prefix}${date}T${time.slice(0, -1).replaceAll(':', '-')}${extension}`)
    },
    timeOf(given) {
      const plain = given.endsWith(COMPRESSED) ? given.slice(0, -COMPRESSED.length) : given
      if (!plain.startsWith(prefix) || !plain.endsWith(extension)) return undefined
      const found = TIME.exec(plain.slice(prefix.length, plain.length - extension.length))
      const time = found === null ? NaN : Date.parse(`${found[1]}T${found[2]}:${found[3]}:${found[4]}Z`)
      return Number.isNaN(time) ? undefined : time
    },
  }
}

const TIME = /^(\d{4}-\d\d-\d\d)T(\d\d)-(\d\d)-(\d\d\.\d{3})$/
