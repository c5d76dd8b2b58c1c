import { existsSync, readdirSync } from 'node:fs'
import { connect } from 'node:net'
import { delimiter, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'

/** An error with a message for the user of the example. */
export class MissingPart extends Error {
  override readonly name = 'MissingPart'
}

/**
 * The path of a program.
 *
 * @throws {MissingPart} if it is not installed.
 */
export function programAt(name: string, aptPackage: string): string {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', ...postgresFolders()]
  const found = folders.map((folder) => join(folder, name)).find((path) => existsSync(path))
  if (found === undefined) {
    throw new MissingPart(`${name} is not installed. On Debian: apt-get install ${aptPackage}`)
  }
  return found
}

/** Debian has several versions beside each other, none of them on the path. The newest comes first. */
function postgresFolders(): readonly string[] {
  const folder = '/usr/lib/postgresql'
  if (!existsSync(folder)) return []
  return readdirSync(folder)
    .toSorted((a, b) => Number(b) - Number(a))
    .map((version) => join(folder, version, 'bin'))
}

/**
 * Resolves when something listens on a local port.
 *
 * @throws {Error} if that takes longer than half a minute.
 */
export async function listens(port: number, what: string): Promise<void> {
  for (let tries = 0; tries < 600; tries++) {
    if (await accepts(port)) return
    await delay(50)
  }
  throw new Error(`${what} does not listen on port ${port}`)
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    const finish = (isOpen: boolean): void => {
      socket.destroy()
      resolve(isOpen)
    }
    socket.once('connect', () => finish(true)).once('error', () => finish(false))
  })
}
