import { resolve } from 'node:path'

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file or directory (ENOENT)',
  EACCES: 'permission denied (EACCES)',
  EISDIR: 'is a directory (EISDIR)',
  ENOTDIR: 'no such file or directory (ENOTDIR)',
}

/**
 * The error for an unreadable file or folder: its absolute path and the reason, with the `code` of the system. A path that looks like file content is
 * not shown, as it may hold a secret.
 */
export function unreadable(path: string, error: unknown): Error {
  const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : ''
  const reason = (Object.hasOwn(REASONS, code) ? REASONS[code] : code) ?? code
  const message = looksLikeContent(path)
    ? 'this looks like the content of a file: pass its path instead'
    : `${resolve(path)}: ${reason === '' ? 'cannot be read' : reason}`
  return Object.assign(new Error(message, { cause: error }), { code })
}

/** Lines, PEM or a record of a CSV file. */
export function looksLikeContent(path: string): boolean {
  return /[\r\n]|-----BEGIN |,.*,/.test(path) || path.length > 1024
}
