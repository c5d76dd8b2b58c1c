import { randomUUID } from 'node:crypto'
import { rmSync } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { codeOf, Failure, failWith } from '../../failure.ts'
import { STDIN } from '../../terminal/input.ts'
import type { Terminal } from '../../terminal/terminal.ts'

/** A file that can be read twice. */
export interface RereadableFile {
  /** As messages name it. */
  readonly name: string
  /** The first time. What comes from a pipe is kept meanwhile. */
  readFirst(): AsyncIterable<Uint8Array>
  /** Once more, from the beginning. */
  read(): AsyncIterable<Uint8Array>
  close(): Promise<void>
}

/**
 * Opens a file, or standard input for `-`. What cannot be read twice, such as a pipe, is kept in a temporary file for its owner only, which has no name.
 *
 * @throws {Failure} if it cannot be read.
 */
export async function openRereadable({ stdin }: Terminal, path: string): Promise<RereadableFile> {
  const name = path === STDIN ? 'standard input' : path
  if (path === STDIN) return spooled(name, stdin, () => Promise.resolve())
  const file = await open(path, 'r').catch(unread(name))
  const status = await file.stat()
  if (status.isFile()) {
    const read = (): AsyncIterable<Uint8Array> => readAll(name, file)
    return { name, readFirst: read, read, close: () => file.close() }
  }
  if (status.isDirectory()) {
    await file.close()
    throw new Failure(`${name}: is a folder`)
  }
  return spooled(name, file.createReadStream({ autoClose: false }), () => file.close())
}

async function spooled(
  name: string,
  source: AsyncIterable<Uint8Array>,
  closeSource: () => Promise<void>,
): Promise<RereadableFile> {
  const spool = await temporaryFile()
  return {
    name,
    async *readFirst() {
      try {
        for await (const chunk of source) {
          await spool.appendFile(chunk).catch(unspooled)
          yield chunk
        }
      } catch (error) {
        unread(name)(error)
      }
    },
    read: () => readAll(name, spool),
    async close() {
      await spool.close()
      await closeSource()
    },
  }
}

/** It loses its name at once, so that it is gone when the process ends, however that is. */
async function temporaryFile(): Promise<FileHandle> {
  const path = join(tmpdir(), `kube-authn-import-${randomUUID()}`)
  try {
    return await open(path, 'wx+', 0o600).catch(unspooled)
  } finally {
    rmSync(path, { force: true })
  }
}

const CHUNK = 262_144

async function* readAll(name: string, file: FileHandle): AsyncGenerator<Uint8Array, void> {
  for (let position = 0; ;) {
    const { bytesRead, buffer } = await file
      .read(new Uint8Array(CHUNK), 0, CHUNK, position)
      .catch(unread(name))
    if (bytesRead === 0) return
    position += bytesRead
    yield buffer.subarray(0, bytesRead)
  }
}

function unread(name: string): (error: unknown) => never {
  return failWith((error) => `${name}: cannot be read (${codeOf(error)})`)
}

const unspooled = failWith(
  (error) => `${tmpdir()}: cannot keep what is imported (${codeOf(error)}); set TMPDIR to another folder`,
)
