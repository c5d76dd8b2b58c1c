import { type FSWatcher, realpathSync, watch } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'

/** Tells when something happens where a file is kept. */
export interface DirectoryWatch {
  /** Looks again where the file really is, since links may point elsewhere now. */
  refresh(): void
  close(): void
}

/**
 * Watches directories, which may be others after every look. Directories and not files: a file that is replaced by rename is
 * another file, and a mounted secret changes by one link in its directory being replaced. Never keeps a process alive.
 */
export function watchDirectories(
  directories: () => ReadonlySet<string>,
  onChange: () => void,
): DirectoryWatch {
  const watchers = new Map<string, FSWatcher>()

  const stop = (directory: string): void => {
    watchers.get(directory)?.close()
    watchers.delete(directory)
  }

  const start = (directory: string): void => {
    try {
      const watcher = watch(directory, { persistent: false }, onChange)
      // A directory that goes away, or a system without watches left: reading at intervals remains.
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

/** Every directory that a path leads through by links, and the one that the file is in at last. */
export function directoriesOf(path: string): ReadonlySet<string> {
  const directory = dirname(resolve(path))
  const directories = new Set([directory])
  try {
    const realDirectory = realpathSync(directory)
    directories.add(realDirectory)
    directories.add(dirname(realpathSync(join(realDirectory, basename(path)))))
  } catch {
    // The file is not there now; the directory it belongs in tells when it comes back.
  }
  return directories
}
