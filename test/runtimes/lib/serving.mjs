import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { PATIENCE_MS } from './patience.mjs'

/**
 * Starts a runtime that serves the suite, and waits until it is ready.
 *
 * @param options.portFrom the file descriptor whose first line contains the port, which `readPort` parses.
 * @returns the port, the output so far, and `stop`, which ends the process.
 */
export async function serving(command, args, { portFrom = 1, readPort = Number } = {}) {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe', 'pipe'] })
  const chunks = []
  child.stdout.on('data', (text) => chunks.push(text))
  child.stderr.on('data', (text) => chunks.push(text))
  const said = () => chunks.join('')
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
    const timer = setTimeout(() => fail('does not serve'), PATIENCE_MS)
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
