import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const folder = fileURLToPath(new URL('../dist', import.meta.url))

/** Runs Node.js in the folder of the build. Resolves to what it prints, when it has ended. */
export function output(...args: readonly string[]): Promise<string> {
  return new Promise((resolve) => {
    const options = { cwd: folder, maxBuffer: 100_000_000 }
    execFile(process.execPath, args, options, (_error, stdout, stderr) => resolve(`${stdout}${stderr}`))
  })
}

/** The same of the simulation: `npm run simulate -- ARGS`. */
export function simulateCommand(...args: readonly string[]): Promise<string> {
  return output('run.js', ...args)
}
