/**
 * Appends lines, each as a whole if that is possible: what a write leaves over is written as well, and after a line that was cut
 * off, as on a full disk, the next begins on a line of its own.
 *
 * @param write writes bytes from an offset on, and returns how many it wrote.
 * @param onError told what `write` throws; the line is lost, or a part of it.
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
        // It would be tried for ever.
        if (!(more > 0)) throw new Error('nothing more of the line was written')
        written += more
        isCutOff = written < bytes.length
      }
    } catch (error) {
      onError(error)
    }
  }
}
