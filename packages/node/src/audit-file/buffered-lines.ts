import * as fs from 'node:fs'
import type { FollowedFile, OnFileError } from './followed-file.ts'

/** The most that is written at a time. */
const MAX_BATCH_LENGTH = 262_144

/**
 * Writes lines in the background: they are buffered and written asynchronously. When the process ends by itself or by `process.exit`, the remaining
 * lines are written first; a killed process loses them.
 *
 * @param maxLines how many lines are buffered; further lines are dropped.
 * @param onError called for every batch that could not be written completely; and once there is room again after the buffer was full, with the number
 *   of dropped lines.
 */
export function bufferedLines(
  file: FollowedFile,
  maxLines: number,
  onError: OnFileError,
  onFull: OnFileError,
): Pick<FollowedFile, 'append' | 'close'> {
  const waiting: string[] = []
  let underWay: Promise<void> | undefined
  let lost = 0
  let isClosed = false

  const reportLost = (): void => {
    if (lost === 0) return
    const count = lost
    lost = 0
    onFull(new Error(`${count} audit events were lost because the buffer of ${maxLines} was full`), count)
  }

  const writeBatches = async (): Promise<void> => {
    // Lines of the same turn of the event loop go in one batch.
    await new Promise((resolve) => void setImmediate(resolve))
    const writeBatch = batchWriter(file, onError)
    while (waiting.length > 0) {
      const batch = firstBatch(waiting)
      reportLost()
      await writeBatch(batch)
    }
  }

  const start = (): void => {
    underWay ??= writeBatches().finally(() => {
      underWay = undefined
      if (waiting.length > 0 && !isClosed) start()
    })
  }

  /** For the exit of the process: synchronous. */
  const writeNow = (): void => {
    for (const line of waiting.splice(0)) file.append(line)
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
    async close() {
      isClosed = true
      // Later lines must not overtake a batch that is being written.
      if (underWay !== undefined) await underWay
      process.off('exit', writeNow)
      writeNow()
      await file.close()
    },
  }
}

/** Takes the lines that are written next. */
function firstBatch(waiting: string[]): readonly string[] {
  let length = 0
  let count = 0
  while (count < waiting.length && length < MAX_BATCH_LENGTH) length += waiting[count++]?.length ?? 0
  return waiting.splice(0, count)
}

/** Writes batches one after the other. After a truncated line, the next batch starts on a new line. */
function batchWriter(file: FollowedFile, onError: OnFileError): (batch: readonly string[]) => Promise<void> {
  let isCutOff = false
  return async (batch) => {
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

function writeSome(descriptor: number, bytes: Uint8Array, offset: number): Promise<number> {
  return new Promise((resolve, reject) => {
    fs.write(descriptor, bytes, offset, bytes.length - offset, null, (error, written) => {
      if (error !== null) reject(error)
      // It would be retried forever.
      else if (written === 0) reject(new Error('no more of the lines could be written'))
      else resolve(written)
    })
  })
}
