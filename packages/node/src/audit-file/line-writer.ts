/**
 * Appends lines, each completely if possible: the rest of a partial write is written as well. After a truncated line, for example on a full disk, the
 * next one starts on a new line.
 *
 * @param write writes bytes from an offset and returns how many it wrote.
 * @param onError called with what `write` throws; the line or a part of it is lost.
 */
export function lineWriter(
  write: (bytes: Uint8Array, offset: number) => number,
  onError: (error: unknown) => void,
): (line: string) => void {
  let isCutOff = false
  return (line) => {
    const bytes = Buffer.from(`${isCutOff ? '\n' : ''}${line}\n`)
    let written = 0
    try {
      while (written < bytes.length) {
        const more = write(bytes, written)
        // It would be retried forever.
        if (!(more > 0)) throw new Error('no more of the line could be written')
        written += more
        isCutOff = written < bytes.length
      }
    } catch (error) {
      onError(error)
    }
  }
}
