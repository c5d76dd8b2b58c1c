import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { PATIENCE_MS } from '../patience.ts'
import { COMPONENTS } from './components.ts'
import type { Known } from './https-app.ts'

const run = promisify(execFile)

/** The result of curl: the user, or only a status. */
export type CurlAnswer = Known | number

/** Sends a request with curl, ignoring its configuration and proxies in the environment. */
export async function curl(...args: readonly string[]): Promise<CurlAnswer> {
  const { stdout } = await run(
    COMPONENTS.curl.command,
    ['--disable', '--silent', '--show-error', '--noproxy', '*', '--write-out', '\n%{http_code}', ...args],
    { timeout: PATIENCE_MS },
  )
  return curlAnswer(stdout)
}

/** Parses a body followed by a line with the status. */
function curlAnswer(stdout: string): CurlAnswer {
  const end = stdout.lastIndexOf('\n')
  const status = Number(stdout.slice(end + 1))
  return status === 200 ? (JSON.parse(stdout.slice(0, end)) as Known) : status
}
