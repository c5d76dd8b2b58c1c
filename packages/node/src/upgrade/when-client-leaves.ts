import type { Duplex } from 'node:stream'

/**
 * Calls the listener if the client closes its connection before it sends anything. After the event `upgrade` Node does not read a socket, and does not
 * notice this otherwise. What the client sends stays in the buffer of the socket.
 *
 * @returns a function that stops reading.
 */
export function whenClientLeaves(socket: Duplex, listener: () => void): () => void {
  // At the end of a stream without data, `read` has the event `end` emitted.
  const onReadable = (): void => {
    if (socket.readableLength === 0) socket.read()
  }
  socket.on('readable', onReadable)
  socket.once('end', listener)
  return () => {
    socket.off('readable', onReadable)
    socket.off('end', listener)
  }
}
