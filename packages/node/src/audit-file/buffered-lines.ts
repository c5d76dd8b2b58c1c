import { write } from 'node:fs'
import type { FollowedFile, OnFileError } from './followed-file.ts'

/** Lines on their way to a file. */
export interface LineSink {
  append(line: string): void
  /** Writes what is left, and ends. */
  close(): void
}

/** What is written at a time. */
const MAX_BATCH_LENGTH = 262_144

/**
 * Writes lines behind the requests that they are about: they are collected, and written by the threads of Node. What is left when the process ends by
 * itself, or by `process.exit`, is written then; one that is killed loses it.
 *
 * @param maxLines how many may wait; what is beyond is lost.
 * @param onError told of every batch that could not be written as a whole, and once of lines that were lost since the buffer was full, with
 *   their number, when there is room again.
 */
export function bufferedLines(
  file: FollowedFile,
  maxLines: number,
  onError: OnFileError,
  onFull: OnFileError,
): LineSink {
  let waiting: string[] = []
  let waitsFor: Promise<void> | undefined
  let lost = 0
  let isClosed = false

  const reportLost = (): void => {
    if (lost === 0) return
    const count = lost
    lost = 0
    onFull(new Error(`${count} audit events were lost, since the buffer of ${maxLines} was full`), count)
  }

  const nextBatch = (): readonly string[] => {
    let length = 0
    let count = 0
    while (count < waiting.length && length < MAX_BATCH_LENGTH) length += waiting[count++]?.length ?? 0
    return waiting.splice(0, count)
  }

  const writeAll = async (): Promise<void> => {
    // So that what comes in this turn of the event loop goes in one batch.
    await new Promise((resolve) => void setImmediate(resolve))
    let isCutOff = false
    while (waiting.length > 0) {
      const batch = nextBatch()
      reportLost()
      const bytes = Buffer.from(`${isCutOff ? '\n' : ''}${batch.join('\n')}\n`)
      let written = 0
      try {
        const descriptor = file.descriptorFor(bytes.length)
        while (written < bytes.length) written += await writeSome(descriptor, bytes, written)
        isCutOff = false
      } catch (error) {
        isCutOff = written > 0 || isCutOff
        onError(error, batch.length)
      }
    }
  }

  const start = (): void => {
    waitsFor ??= writeAll().finally(() => {
      waitsFor = undefined
      if (waiting.length > 0 && !isClosed) start()
    })
  }

  /** There is no time left to wait. */
  const writeNow = (): void => {
    const rest = waiting
    waiting = []
    for (const line of rest) file.append(line)
    reportLost()
  }
  process.on('exit', writeNow)

  return {
    append(line) {
      if (waiting.length >= maxLines) {
        lost++
        return
      }
      waiting.push(line)
      start()
    },
    close() {
      isClosed = true
      const end = (): void => {
        process.off('exit', writeNow)
        writeNow()
        file.close()
      }
      if (waitsFor === undefined) end()
      else {
        // A batch is being written, and what comes behind it must not come before it.
        void waitsFor.then(end)
      }
    },
  }
}

function writeSome(descriptor: number, bytes: Uint8Array, offset: number): Promise<number> {
  return new Promise((resolve, reject) => {
    write(descriptor, bytes, offset, bytes.length - offset, null, (error, written) => {
      if (error !== null) reject(error)
      // It would be tried for ever.
      else if (written === 0) reject(new Error('nothing more of the lines was written'))
      else resolve(written)
    })
  })
}
