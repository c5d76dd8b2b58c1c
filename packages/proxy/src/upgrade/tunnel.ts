import type { Duplex } from 'node:stream'

/**
 * Connects two connections in both directions, at the pace of the slower one. An end of one direction is passed on, and leaves the other open; a broken
 * connection breaks the other.
 */
export function tunnel(one: Duplex, other: Duplex): void {
  join(one, other)
  join(other, one)
}

function join(from: Duplex, to: Duplex): void {
  from.on('error', () => to.destroy())
  from.once('close', () => {
    // After its end, the rest is still being written.
    if (!from.readableEnded) to.destroy()
  })
  from.pipe(to)
}
