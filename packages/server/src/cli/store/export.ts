import { EXIT, Failure } from '../failure.ts'
import { readStoreAt } from '../store-url/store-url.ts'
import { STDIN } from '../terminal/input.ts'
import { refuseTarget, writeNewFileFrom } from '../terminal/new-file.ts'
import { note, write } from '../terminal/output.ts'
import { exportedLines } from './file/exported-lines.ts'
import { storeFailureOf } from '../store-failure.ts'
import { requireLastingStore } from './named-store.ts'
import type { StoreExportOptions } from './export/command.ts'

/** The name of standard output among files. */
const STDOUT = STDIN

/**
 * Writes all objects of a store into a file.
 *
 * @throws {Failure} if the store or the file cannot be used.
 */
export async function exportStore(
  file: string = STDOUT,
  { store, prefix = '', force = false }: StoreExportOptions,
): Promise<void> {
  requireLastingStore(store)
  if (prefix.includes('\0') || !prefix.isWellFormed()) throw new Failure('--prefix: no key can begin with it')
  if (file !== STDOUT) refuseTarget(file, force)
  if (process.stderr.isTTY) note('warning: the export has all secrets of the store in plain text')
  // A reader that goes away has only a part.
  process.exitCode = EXIT.failed
  await readStoreAt(store, async (snapshot) => {
    const part = { prefix, count: await snapshot.count(prefix) }
    const lines = exportedLines(snapshot, part)
    if (file !== STDOUT) await writeNewFileFrom(file, lines, { replaces: force })
    else for await (const each of lines) await write(each)
    note(`exported ${part.count} objects of revision ${snapshot.revision}`)
  }).catch((error: unknown) => {
    throw storeFailureOf(error)
  })
  process.exitCode = EXIT.ok
}
