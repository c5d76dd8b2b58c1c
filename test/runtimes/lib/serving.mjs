import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'

/** How long a runtime may take until it serves, on a machine that is busy. */
const START_MS = 30_000

/**
 * Starts a runtime that serves the suite, and waits until it does.
 *
 * @param options.portFrom the file descriptor whose first line tells the port, and `readPort` how.
 * @returns the port, what was said on the way, and `stop`, which ends the process.
 */
export async function serving(command, args, { portFrom = 1, readPort = Number } = {}) {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe', 'pipe'] })
  const texts = []
  child.stdout.on('data', (text) => texts.push(text))
  child.stderr.on('data', (text) => texts.push(text))
  const said = () => texts.join('')
  const ended = new Promise((resolve) => {
    child.once('error', resolve)
    child.once('exit', resolve)
  })

  const line = await new Promise((resolve, reject) => {
    const fail = (why) => {
      clearTimeout(timer)
      child.kill('SIGKILL')
      reject(new Error(`${command} ${why}: ${said()}`))
    }
    const timer = setTimeout(() => fail('does not serve'), START_MS)
    createInterface({ input: child.stdio[portFrom] }).once('line', (text) => {
      clearTimeout(timer)
      resolve(text)
    })
    void ended.then((how) => fail(`ended: ${how}`))
  })

  return {
    port: readPort(line),
    said,
    async stop() {
      child.kill('SIGKILL')
      await ended
    },
  }
}
