import type { FSWatcher } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import * as fs from 'node:fs'

/**
 * Watches a set of directories that may change with every check. Directories, not files: a file replaced by rename is another file, and a mounted
 * secret changes by a link in its directory. Never keeps the process alive.
 *
 * @returns `refresh` resolves the links of the path again and watches the resulting directories.
 */
export function watchDirectories(
  directories: () => ReadonlySet<string>,
  onChange: () => void,
): { readonly refresh: () => void; readonly close: () => void } {
  const watchers = new Map<string, FSWatcher>()

  const stop = (directory: string): void => {
    watchers.get(directory)?.close()
    watchers.delete(directory)
  }

  const start = (directory: string): void => {
    try {
      const watcher = fs.watch(directory, { persistent: false }, onChange)
      // The directory was removed, or the system is out of watches: polling remains.
      watcher.on('error', () => stop(directory))
      watchers.set(directory, watcher)
    } catch {
      watchers.delete(directory)
    }
  }

  const refresh = (): void => {
    const wanted = directories()
    for (const directory of watchers.keys()) if (!wanted.has(directory)) stop(directory)
    for (const directory of wanted) if (!watchers.has(directory)) start(directory)
  }

  refresh()
  return {
    refresh,
    close: () => {
      for (const directory of watchers.keys()) stop(directory)
    },
  }
}

/** Every directory that the links of a path lead through, including the one with the file. */
export function directoriesOf(path: string): ReadonlySet<string> {
  const directory = dirname(resolve(path))
  const directories = new Set([directory])
  try {
    const realDirectory = fs.realpathSync(directory)
    directories.add(realDirectory)
    directories.add(dirname(fs.realpathSync(join(realDirectory, basename(path)))))
  } catch {
    // The file does not exist now; watching its directory shows when it returns.
  }
  return directories
}
